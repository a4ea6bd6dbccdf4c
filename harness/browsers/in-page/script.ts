/// <reference lib="dom" />
/**
 * What a page gets in the place of its browser's WebAuthn (WebAuthn Level 3 §5.1, §5.2). The function goes into the page
 * as its text: it must lean on nothing outside itself.
 */
import type { PageCall, PageRequest, PageVerdict } from './messages.ts';

/**
 * Takes the place of navigator.credentials.
 * @param binding the name of the window's function that reaches the key
 * @param document names this document to the process at the other end
 */
export function installInPage(binding: string, document: string): void {
  const scope = window as unknown as Record<string, unknown>;
  const call = scope[binding] as PageCall | undefined;
  if (!window.isSecureContext || call === undefined) return;
  // Strict where browsers are: what is not a BufferSource is a TypeError before anybody is asked.
  const bytesOf = (value: unknown, path: string): Uint8Array => {
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    throw new TypeError(`${path} is not of type '(ArrayBuffer or ArrayBufferView)'`);
  };
  const encode = (value: unknown, path: string): string => {
    let text = '';
    for (const byte of bytesOf(value, path)) text += String.fromCharCode(byte);
    return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  };
  const decode = (text: string): ArrayBuffer => {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(binary, (char) => char.charCodeAt(0)).buffer;
  };
  type Members = Record<string, unknown>;
  const plain = (value: unknown): Members => (typeof value === 'object' && value !== null ? { ...value } : {});
  const descriptors = (list: unknown, path: string): unknown =>
    list === undefined
      ? undefined
      : Array.from(list as Iterable<unknown>, (entry) => ({
          ...plain(entry),
          id: encode(plain(entry).id, `${path}.id`),
        }));
  const prfValues = (values: unknown, path: string): unknown => {
    if (values === undefined) return undefined;
    const { first, second } = plain(values);
    return {
      first: encode(first, `${path}.first`),
      ...(second === undefined ? {} : { second: encode(second, `${path}.second`) }),
    };
  };
  const extensions = (inputs: unknown): unknown => {
    if (inputs === undefined) return undefined;
    const result = plain(inputs);
    if (result.prf !== undefined) {
      const { eval: all, evalByCredential } = plain(result.prf);
      const entries = Object.entries(plain(evalByCredential));
      result.prf = {
        eval: prfValues(all, 'prf.eval'),
        ...(evalByCredential === undefined
          ? {}
          : {
              evalByCredential: Object.fromEntries(
                entries.map(([id, values]) => [id, prfValues(values, 'prf.evalByCredential')]),
              ),
            }),
      };
    }
    const { write } = plain(result.largeBlob);
    if (write !== undefined) result.largeBlob = { ...plain(result.largeBlob), write: encode(write, 'largeBlob.write') };
    if (result.credBlob !== undefined) result.credBlob = encode(result.credBlob, 'credBlob');
    return result;
  };
  const creation = (publicKey: unknown): Members => {
    const options = plain(publicKey);
    const user = plain(options.user);
    return {
      ...options,
      challenge: encode(options.challenge, 'publicKey.challenge'),
      user: { ...user, id: encode(user.id, 'publicKey.user.id') },
      excludeCredentials: descriptors(options.excludeCredentials, 'publicKey.excludeCredentials'),
      extensions: extensions(options.extensions),
    };
  };
  const request = (publicKey: unknown): Members => {
    const options = plain(publicKey);
    return {
      ...options,
      challenge: encode(options.challenge, 'publicKey.challenge'),
      allowCredentials: descriptors(options.allowCredentials, 'publicKey.allowCredentials'),
      extensions: extensions(options.extensions),
    };
  };

  let serial = 0;
  const ask = async (type: 'create' | 'get', json: Members, options: CredentialRequestOptions): Promise<Credential> => {
    const { signal, mediation } = options;
    signal?.throwIfAborted();
    serial += 1;
    const id = `${serial}`;
    const message: PageRequest = {
      type,
      id,
      document,
      options: JSON.stringify(json),
      mediation,
      origin: window.origin,
    };
    let onAbort = () => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => {
        reject(signal?.reason);
        void call({ type: 'abort', id, document });
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
    try {
      const verdict = (await Promise.race([call(message), aborted])) as PageVerdict;
      if ('error' in verdict) {
        const { name, message: text } = verdict.error;
        throw name === 'TypeError' ? new TypeError(text) : new DOMException(text, name);
      }
      const text = 'credential' in verdict ? verdict.credential : '';
      return type === 'create' ? registration(text) : authentication(text);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  };

  /** The class of the page where it has one, so that instanceof tells the truth; else one of that name. */
  const classOf = (name: string): { prototype: object } => {
    if (typeof scope[name] !== 'function') {
      const made = { [name]: class {} }[name]!;
      Object.defineProperty(window, name, { value: made, configurable: true, writable: true });
    }
    return scope[name] as { prototype: object };
  };
  const credentialClass = classOf('PublicKeyCredential');
  const attestationClass = classOf('AuthenticatorAttestationResponse');
  const assertionClass = classOf('AuthenticatorAssertionResponse');
  // The getters of the browser's own classes refuse what they have not made: each member is the object's own.
  const instance = (made: { prototype: object }, members: Members): object =>
    Object.defineProperties(
      Object.create(made.prototype) as object,
      Object.fromEntries(
        Object.entries(members).map(([name, value]) => [
          name,
          { value, enumerable: typeof value !== 'function', configurable: true },
        ]),
      ),
    );
  const outputs = (json: Members): Members => {
    const results = structuredClone(json);
    const blob = plain(results.largeBlob);
    if (typeof blob.blob === 'string') results.largeBlob = { ...blob, blob: decode(blob.blob) };
    if (typeof results.getCredBlob === 'string') results.getCredBlob = decode(results.getCredBlob);
    const prf = plain(results.prf);
    if (prf.results !== undefined) {
      const { first, second } = prf.results as { first: string; second?: string };
      results.prf = {
        ...prf,
        results: { first: decode(first), ...(second === undefined ? {} : { second: decode(second) }) },
      };
    }
    return results;
  };
  interface Json {
    readonly id: string;
    readonly response: Members;
    readonly authenticatorAttachment?: string;
    readonly clientExtensionResults: Members;
  }
  const credential = (json: Json, response: object): Credential =>
    instance(credentialClass, {
      id: json.id,
      type: 'public-key',
      rawId: decode(json.id),
      response,
      authenticatorAttachment: json.authenticatorAttachment ?? null,
      getClientExtensionResults: () => outputs(json.clientExtensionResults),
      toJSON: () => structuredClone(json),
    }) as Credential;
  const registration = (text: string): Credential => {
    const json = JSON.parse(text) as Json;
    const { clientDataJSON, attestationObject, authenticatorData, publicKey, publicKeyAlgorithm, transports } =
      json.response as Record<string, string> & { transports: string[] };
    return credential(
      json,
      instance(attestationClass, {
        clientDataJSON: decode(clientDataJSON!),
        attestationObject: decode(attestationObject!),
        getAuthenticatorData: () => decode(authenticatorData!),
        getPublicKey: () => (publicKey === undefined ? null : decode(publicKey)),
        getPublicKeyAlgorithm: () => publicKeyAlgorithm,
        getTransports: () => [...transports],
      }),
    );
  };
  const authentication = (text: string): Credential => {
    const json = JSON.parse(text) as Json;
    const { clientDataJSON, authenticatorData, signature, userHandle } = json.response as Record<string, string>;
    return credential(
      json,
      instance(assertionClass, {
        clientDataJSON: decode(clientDataJSON!),
        authenticatorData: decode(authenticatorData!),
        signature: decode(signature!),
        userHandle: userHandle === undefined ? null : decode(userHandle),
      }),
    );
  };

  const container = (navigator.credentials ?? {}) as Partial<CredentialsContainer>;
  const native = { create: container.create?.bind(container), get: container.get?.bind(container) };
  const override = (target: object, name: string, value: unknown) =>
    Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true });
  override(container, 'create', async function create(options: CredentialCreationOptions = {}) {
    if (options.publicKey !== undefined) return ask('create', creation(options.publicKey), options);
    return native.create === undefined ? null : native.create(options);
  });
  override(container, 'get', async function get(options: CredentialRequestOptions = {}) {
    if (options.publicKey !== undefined) return ask('get', request(options.publicKey), options);
    return native.get === undefined ? null : native.get(options);
  });
  if (navigator.credentials === undefined) override(navigator, 'credentials', container);

  // §5.1.4 to §5.1.11: what a client says that has a security key and no platform authenticator.
  const capabilities = {
    conditionalCreate: false,
    conditionalGet: true,
    hybridTransport: false,
    relatedOrigins: false,
    signalAllAcceptedCredentials: false,
    signalCurrentUserDetails: false,
    signalUnknownCredential: false,
    ...Object.fromEntries(
      [
        'appid',
        'appidExclude',
        'credBlob',
        'credProps',
        'credProtect',
        'hmacCreateSecret',
        'largeBlob',
        'minPinLength',
        'prf',
      ].map((name) => [`extension:${name}`, true]),
    ),
  };
  const decodeMembers = (json: Members, list: string): Members => ({
    ...json,
    challenge: decode(json.challenge as string),
    ...(json.user === undefined ? {} : { user: { ...plain(json.user), id: decode(plain(json.user).id as string) } }),
    ...(json[list] === undefined
      ? {}
      : { [list]: (json[list] as Members[]).map((entry) => ({ ...entry, id: decode(entry.id as string) })) }),
  });
  const platform = async (): Promise<boolean> => {
    serial += 1;
    const message: PageRequest = { type: 'platform', id: `${serial}`, document, options: '{}', origin: window.origin };
    const verdict = await call(message);
    return verdict !== undefined && 'available' in verdict && verdict.available;
  };
  const statics: Members = {
    isUserVerifyingPlatformAuthenticatorAvailable: platform,
    isConditionalMediationAvailable: async () => true,
    getClientCapabilities: async () => {
      const available = await platform();
      return {
        ...capabilities,
        passkeyPlatformAuthenticator: available,
        userVerifyingPlatformAuthenticator: available,
      };
    },
    parseCreationOptionsFromJSON: (json: Members) => decodeMembers(json, 'excludeCredentials'),
    parseRequestOptionsFromJSON: (json: Members) => decodeMembers(json, 'allowCredentials'),
    // A security key is not told of such news (§5.1.10): nothing is to be done, and that is no error.
    signalUnknownCredential: async () => undefined,
    signalAllAcceptedCredentials: async () => undefined,
    signalCurrentUserDetails: async () => undefined,
  };
  for (const [name, value] of Object.entries(statics)) override(credentialClass, name, value);
}
