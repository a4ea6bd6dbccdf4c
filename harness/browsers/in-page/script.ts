/// <reference lib="dom" />
/**
 * What a page gets in the place of its browser's WebAuthn (WebAuthn Level 3 §5.1). The function goes into the page as
 * its text: it must lean on nothing outside itself.
 */
import type { CredentialMakers } from './credentials.ts';
import type { PageCall, PageRequest, PageVerdict } from './messages.ts';
import type { OptionReaders } from './options.ts';

export interface InstallOptions {
  /** The name of the window's function that reaches the key. */
  readonly binding: string;
  /** Names this document to the process at the other end. */
  readonly document: string;
  readonly relatedOrigins: boolean;
}

/** Takes the place of navigator.credentials. */
export function installInPage(
  { binding, document: documentName, relatedOrigins }: InstallOptions,
  readers: OptionReaders,
  makersFor: (decode: (text: string) => ArrayBuffer) => CredentialMakers,
): void {
  const scope = window as unknown as Record<string, unknown>;
  const call = scope[binding] as PageCall | undefined;
  if (!window.isSecureContext || call === undefined) return;
  // The page's own scripts have no business with it.
  Reflect.deleteProperty(window, binding);
  const decode = (text: string) => readers.decode(text)!;
  const makers = makersFor(decode);
  type Members = Record<string, unknown>;

  let serial = 0;
  const messageOf = (type: PageRequest['type'], json: Members, mediation?: string): PageRequest => {
    serial += 1;
    const options = JSON.stringify(json);
    return { type, id: `${serial}`, document: documentName, options, mediation, origin: window.origin };
  };
  const thrown = ({ name, message }: { name: string; message: string }): Error =>
    name === 'TypeError' ? new TypeError(message) : new DOMException(message, name);
  const ask = async (type: 'create' | 'get', json: Members, options: CredentialRequestOptions): Promise<Credential> => {
    const { signal } = options;
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw new TypeError('signal: expected an AbortSignal');
    const mediation = readers.mediation(options.mediation);
    signal?.throwIfAborted();
    assertAllowed(`publickey-credentials-${type}`);
    if (type === 'create') assertActivated();
    const message = messageOf(type, json, mediation);
    const { id } = message;
    let onAbort = () => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => {
        reject(signal?.reason);
        void call({ type: 'abort', id, document: documentName });
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
    try {
      const verdict = (await Promise.race([call(message), aborted])) as PageVerdict;
      if ('error' in verdict) throw thrown(verdict.error);
      const text = 'credential' in verdict ? verdict.credential : '';
      return type === 'create' ? makers.registration(text) : makers.authentication(text);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  };
  /** Where the browser tells: the policy of the document's headers and of the frames around it. */
  const assertAllowed = (feature: string) => {
    const { featurePolicy } = document as {
      featurePolicy?: { features(): string[]; allowsFeature(name: string): boolean };
    };
    if (featurePolicy?.features().includes(feature) && !featurePolicy.allowsFeature(feature)) {
      throw new DOMException(`the permissions policy of the document does not allow ${feature}`, 'NotAllowedError');
    }
  };

  /** A frame within a foreign page makes credentials where its user has just acted in it (§5.1.3 step 3). */
  const assertActivated = () => {
    if (navigator.userActivation?.isActive !== false || !isWithinForeign()) return;
    throw new DOMException('a frame of a foreign page needs a user activation to create', 'NotAllowedError');
  };
  const isWithinForeign = (): boolean => {
    try {
      for (let around: Window = window; around !== around.parent; around = around.parent) {
        if (around.parent.origin !== window.origin) return true;
      }
      return false;
    } catch {
      return true; // its members are not this page's to read
    }
  };

  const container = (navigator.credentials ?? {}) as Partial<CredentialsContainer>;
  const native = {
    create: container.create?.bind(container),
    get: container.get?.bind(container),
    store: container.store?.bind(container),
  };
  const override = (target: object, name: string, value: unknown) =>
    Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true });
  const asksForPublicKey = (options: unknown): boolean =>
    typeof options === 'object' && options !== null && (options as Members).publicKey !== undefined;
  override(container, 'create', async function create(options: CredentialCreationOptions = {}) {
    if (asksForPublicKey(options)) return ask('create', readers.creation(options.publicKey), options);
    return native.create === undefined ? null : native.create(options);
  });
  override(container, 'get', async function get(options: CredentialRequestOptions = {}) {
    if (asksForPublicKey(options)) return ask('get', readers.request(options.publicKey), options);
    return native.get === undefined ? null : native.get(options);
  });
  override(container, 'store', async function store(credential: Credential) {
    // §5.1.5: there is nowhere to put a public key credential.
    if (makers.made(credential)) throw new DOMException('a public key credential is not stored', 'NotSupportedError');
    return native.store?.(credential);
  });
  if (navigator.credentials === undefined) override(navigator, 'credentials', container);

  // §5.1.4 to §5.1.11: what a client says that has a security key.
  const extensions = [
    'appid',
    'appidExclude',
    'credBlob',
    'credProps',
    'credentialProtectionPolicy',
    'enforceCredentialProtectionPolicy',
    'getCredBlob',
    'hmacCreateSecret',
    'largeBlob',
    'minPinLength',
    'prf',
  ];
  const capabilities: Record<string, boolean> = {
    conditionalCreate: false,
    conditionalGet: true,
    hybridTransport: false,
    relatedOrigins,
    signalAllAcceptedCredentials: true,
    signalCurrentUserDetails: true,
    signalUnknownCredential: true,
    ...Object.fromEntries(extensions.map((name) => [`extension:${name}`, true])),
  };
  const platform = async (): Promise<boolean> => {
    const verdict = await call(messageOf('platform', {}));
    return verdict !== undefined && 'available' in verdict && verdict.available;
  };
  // What is wrong with such news is told here (§5.1.10); what becomes of the rest is the key's.
  const { text, sequence } = readers;
  const signalled = async (method: string, options: unknown, more: Members): Promise<void> => {
    const table = { rpId: text, ...more } as Record<string, typeof text>;
    const given = readers.dictionary(options, 'options', table);
    for (const name of ['credentialId', 'userId', 'allAcceptedCredentialIds']) {
      const texts = [(given[name] ?? []) as string | string[]].flat();
      if (texts.some((id) => readers.decode(id) === undefined)) throw new TypeError(`${name}: expected base64url`);
    }
    const verdict = await call(messageOf('signal', { method, ...given }));
    if (verdict !== undefined && 'error' in verdict) throw thrown(verdict.error);
  };
  const statics: Members = {
    isUserVerifyingPlatformAuthenticatorAvailable: async () => platform(),
    isConditionalMediationAvailable: async () => true,
    getClientCapabilities: async () => {
      const available = await platform();
      const all = {
        ...capabilities,
        passkeyPlatformAuthenticator: available,
        userVerifyingPlatformAuthenticator: available,
      };
      return Object.fromEntries(Object.entries(all).sort(([one], [other]) => (one < other ? -1 : 1)));
    },
    parseCreationOptionsFromJSON: (json: unknown) => readers.creationFromJSON(json),
    parseRequestOptionsFromJSON: (json: unknown) => readers.requestFromJSON(json),
    signalUnknownCredential: (options: unknown) =>
      signalled('signalUnknownCredential', options, { credentialId: text }),
    signalAllAcceptedCredentials: (options: unknown) =>
      signalled('signalAllAcceptedCredentials', options, {
        userId: text,
        allAcceptedCredentialIds: sequence(text),
      }),
    signalCurrentUserDetails: (options: unknown) =>
      signalled('signalCurrentUserDetails', options, { userId: text, name: text, displayName: text }),
  };
  for (const [name, value] of Object.entries(statics)) override(makers.credentialClass, name, value);
}
