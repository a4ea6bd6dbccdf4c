/// <reference lib="dom" />
/**
 * The credentials that a page gets (WebAuthn Level 3 §5.1, §5.2), from their JSON. The function goes into the page as
 * its text: it must lean on nothing outside itself.
 */

type Members = Record<string, unknown>;

export interface CredentialMakers {
  /** From RegistrationResponseJSON, as text. */
  registration(text: string): Credential;
  /** From AuthenticationResponseJSON, as text. */
  authentication(text: string): Credential;
  /** True for what one of these has made. */
  made(value: unknown): boolean;
  /** The page's PublicKeyCredential. */
  readonly credentialClass: object;
}

export function credentialMakers(decode: (text: string) => ArrayBuffer): CredentialMakers {
  interface Class {
    readonly prototype: object;
  }
  const scope = window as unknown as Members;
  const plain = (value: unknown): Members => (typeof value === 'object' && value !== null ? { ...value } : {});
  /** What an object of ours is made of: the readers of its members, by name. */
  const contents = new WeakMap<object, Record<string, () => unknown>>();
  /** The class of the page where it has one, so that instanceof tells the truth; else one of that name. */
  const classOf = (name: string, parent?: Class): Class => {
    if (typeof scope[name] !== 'function') {
      const refuse = (): never => {
        throw new TypeError('Illegal constructor');
      };
      const base = class {
        constructor() {
          refuse();
        }
      };
      const made = { [name]: parent === undefined ? base : class extends (parent as typeof base) {} }[name]!;
      Object.defineProperty(made, 'name', { value: name, configurable: true });
      Object.defineProperty(made.prototype, Symbol.toStringTag, { value: name, configurable: true });
      Object.defineProperty(window, name, { value: made, configurable: true, writable: true });
    }
    return scope[name] as Class;
  };
  // The getters and methods of the browser's own classes refuse what they have not made: ours know both.
  const read = (object: unknown, name: string, native: (() => unknown) | undefined): unknown => {
    const reader = contents.get(object as object)?.[name];
    if (reader !== undefined) return reader();
    if (native !== undefined) return native.call(object);
    throw new TypeError('Illegal invocation');
  };
  const attributes = ({ prototype }: Class, ...names: string[]): void => {
    for (const name of names) {
      const native = Object.getOwnPropertyDescriptor(prototype, name)?.get;
      const holder = {
        get [name](): unknown {
          return read(this, name, native);
        },
      };
      Object.defineProperty(prototype, name, Object.getOwnPropertyDescriptor(holder, name)!);
    }
  };
  const methods = ({ prototype }: Class, ...names: string[]): void => {
    for (const name of names) {
      const native = Object.getOwnPropertyDescriptor(prototype, name)?.value as (() => unknown) | undefined;
      const value = {
        [name]() {
          return read(this, name, native);
        },
      }[name];
      Object.defineProperty(prototype, name, { value, writable: true, enumerable: true, configurable: true });
    }
  };
  const baseClass = classOf('Credential');
  attributes(baseClass, 'id', 'type');
  const credentialClass = classOf('PublicKeyCredential', baseClass);
  attributes(credentialClass, 'rawId', 'response', 'authenticatorAttachment');
  methods(credentialClass, 'getClientExtensionResults', 'toJSON');
  const responseClass = classOf('AuthenticatorResponse');
  attributes(responseClass, 'clientDataJSON');
  const attestationClass = classOf('AuthenticatorAttestationResponse', responseClass);
  attributes(attestationClass, 'attestationObject');
  methods(attestationClass, 'getAuthenticatorData', 'getPublicKey', 'getPublicKeyAlgorithm', 'getTransports');
  const assertionClass = classOf('AuthenticatorAssertionResponse', responseClass);
  attributes(assertionClass, 'authenticatorData', 'signature', 'userHandle');

  /** The same object each time, decoded when it is asked for first. */
  const bytes = (text: string | undefined): (() => ArrayBuffer | null) => {
    let decoded: ArrayBuffer | null | undefined;
    return () => {
      decoded ??= text === undefined ? null : decode(text);
      return decoded;
    };
  };
  const instance = (made: Class, members: Record<string, () => unknown>): object => {
    const object = Object.create(made.prototype) as object;
    contents.set(object, members);
    return object;
  };
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
      id: () => json.id,
      type: () => 'public-key',
      rawId: bytes(json.id),
      response: () => response,
      authenticatorAttachment: () => json.authenticatorAttachment ?? null,
      getClientExtensionResults: () => outputs(json.clientExtensionResults),
      toJSON: () => structuredClone(json),
    }) as Credential;
  return {
    credentialClass,
    made: (value) => contents.has(value as object),
    registration: (text) => {
      const json = JSON.parse(text) as Json;
      const { clientDataJSON, attestationObject, authenticatorData, publicKey, publicKeyAlgorithm, transports } =
        json.response as Record<string, string> & { transports: string[] };
      return credential(
        json,
        instance(attestationClass, {
          clientDataJSON: bytes(clientDataJSON),
          attestationObject: bytes(attestationObject),
          getAuthenticatorData: () => decode(authenticatorData!),
          getPublicKey: () => (publicKey === undefined ? null : decode(publicKey)),
          getPublicKeyAlgorithm: () => publicKeyAlgorithm,
          getTransports: () => [...transports],
        }),
      );
    },
    authentication: (text) => {
      const json = JSON.parse(text) as Json;
      const { clientDataJSON, authenticatorData, signature, userHandle } = json.response as Record<string, string>;
      return credential(
        json,
        instance(assertionClass, {
          clientDataJSON: bytes(clientDataJSON),
          authenticatorData: bytes(authenticatorData),
          signature: bytes(signature),
          userHandle: bytes(userHandle),
        }),
      );
    },
  };
}
