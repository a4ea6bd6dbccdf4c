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
  const ask = async (type: 'create' | 'get', json: Members, options: CredentialRequestOptions): Promise<Credential> => {
    const { signal } = options;
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw new TypeError('signal: expected an AbortSignal');
    const mediation = readers.mediation(options.mediation);
    signal?.throwIfAborted();
    assertAllowed(`publickey-credentials-${type}`);
    serial += 1;
    const id = `${serial}`;
    const message: PageRequest = {
      type,
      id,
      document: documentName,
      options: JSON.stringify(json),
      mediation,
      origin: window.origin,
    };
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
      if ('error' in verdict) {
        const { name, message: text } = verdict.error;
        throw name === 'TypeError' ? new TypeError(text) : new DOMException(text, name);
      }
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

  const container = (navigator.credentials ?? {}) as Partial<CredentialsContainer>;
  const native = { create: container.create?.bind(container), get: container.get?.bind(container) };
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
  if (navigator.credentials === undefined) override(navigator, 'credentials', container);

  // §5.1.4 to §5.1.11: what a client says that has a security key.
  const capabilities = {
    conditionalCreate: false,
    conditionalGet: true,
    hybridTransport: false,
    relatedOrigins,
    signalAllAcceptedCredentials: true,
    signalCurrentUserDetails: true,
    signalUnknownCredential: true,
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
  const platform = async (): Promise<boolean> => {
    serial += 1;
    const message: PageRequest = {
      type: 'platform',
      id: `${serial}`,
      document: documentName,
      options: '{}',
      origin: window.origin,
    };
    const verdict = await call(message);
    return verdict !== undefined && 'available' in verdict && verdict.available;
  };
  // A security key keeps nothing that such news would change (§5.1.10): what is wrong with them is all that shows.
  const { text, sequence } = readers;
  const signalled = async (options: unknown, ids: readonly string[], more: Members = {}): Promise<void> => {
    const table = { rpId: text, ...more } as Record<string, typeof text>;
    const given = readers.dictionary(options, 'options', table);
    const texts = ids.flatMap((name) => given[name] as string | string[]);
    if (texts.some((id) => readers.decode(id) === undefined)) throw new TypeError(`${ids}: expected base64url`);
    const { hostname } = window.location;
    const rpId = given.rpId as string;
    if (hostname === rpId || (rpId.includes('.') && hostname.endsWith(`.${rpId}`))) return;
    throw new DOMException(`rpId: ${rpId} is none of ${hostname}`, 'SecurityError');
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
    parseCreationOptionsFromJSON: (json: unknown) => readers.creationFromJSON(json),
    parseRequestOptionsFromJSON: (json: unknown) => readers.requestFromJSON(json),
    signalUnknownCredential: (options: unknown) => signalled(options, ['credentialId'], { credentialId: text }),
    signalAllAcceptedCredentials: (options: unknown) =>
      signalled(options, ['userId', 'allAcceptedCredentialIds'], {
        userId: text,
        allAcceptedCredentialIds: sequence(text),
      }),
    signalCurrentUserDetails: (options: unknown) =>
      signalled(options, ['userId'], { userId: text, name: text, displayName: text }),
  };
  for (const [name, value] of Object.entries(statics)) override(makers.credentialClass, name, value);
}
