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
  /** The page's PublicKeyCredential. */
  readonly credentialClass: object;
}

export function credentialMakers(decode: (text: string) => ArrayBuffer): CredentialMakers {
  const scope = window as unknown as Members;
  const plain = (value: unknown): Members => (typeof value === 'object' && value !== null ? { ...value } : {});
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
  return {
    credentialClass,
    registration: (text) => {
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
    },
    authentication: (text) => {
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
    },
  };
}
