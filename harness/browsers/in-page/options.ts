/// <reference lib="dom" />
/**
 * How a page's options become JSON: the conversions of WebIDL, which come before anything that WebAuthn asks. The
 * function goes into the page as its text: it must lean on nothing outside itself.
 */

type Members = Record<string, unknown>;
type Convert = (value: unknown, path: string) => unknown;

export interface OptionReaders {
  /** PublicKeyCredentialCreationOptions to JSON. @throws TypeError */
  creation(value: unknown): Members;
  /** PublicKeyCredentialRequestOptions to JSON. @throws TypeError */
  request(value: unknown): Members;
  /** CredentialMediationRequirement. @throws TypeError */
  mediation(value: unknown): string | undefined;
  /** PublicKeyCredential.parseCreationOptionsFromJSON. @throws TypeError, DOMException EncodingError */
  creationFromJSON(json: unknown): Members;
  /** PublicKeyCredential.parseRequestOptionsFromJSON. @throws TypeError, DOMException EncodingError */
  requestFromJSON(json: unknown): Members;
  /** A dictionary whose members are all required. @throws TypeError */
  dictionary(value: unknown, path: string, members: Record<string, Convert>): Members;
  readonly text: Convert;
  readonly sequence: (item: Convert) => Convert;
  encode(value: BufferSource): string;
  /** base64url to bytes; undefined for what is none. */
  decode(text: string): ArrayBuffer | undefined;
}

export function optionReaders(): OptionReaders {
  const fail = (path: string, expected: string): never => {
    throw new TypeError(`${path}: expected ${expected}`);
  };
  const encode = (value: BufferSource): string => {
    const bytes = ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value);
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  };
  const decode = (text: string): ArrayBuffer | undefined => {
    if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined;
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(binary, (char) => char.charCodeAt(0)).buffer;
  };
  // DOMString, boolean, long and unsigned long take what they are given (WebIDL §3.2); a symbol is a TypeError by itself.
  const text: Convert = (value) => `${value as string}`;
  const boolean: Convert = (value) => !!value;
  const long: Convert = (value) => +(value as number) | 0;
  const unsignedLong: Convert = (value) => +(value as number) >>> 0;
  const bufferSource: Convert = (value, path) => {
    const tag = Object.prototype.toString.call(ArrayBuffer.isView(value) ? value.buffer : value);
    return tag === '[object ArrayBuffer]'
      ? encode(value as BufferSource)
      : fail(path, 'an ArrayBuffer or a view of one');
  };
  const sequence =
    (item: Convert): Convert =>
    (value, path) => {
      const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
      if (!isObject || typeof (value as Members)[Symbol.iterator as unknown as string] !== 'function') {
        fail(path, 'a sequence');
      }
      return Array.from(value as Iterable<unknown>, (entry, index) => item(entry, `${path}[${index}]`));
    };
  const oneOf =
    (...values: string[]): Convert =>
    (value, path) =>
      values.includes(`${value as string}`) ? value : fail(path, values.join(', '));
  const members = (value: unknown, path: string): Members => {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' && typeof value !== 'function') fail(path, 'an object');
    return value as Members;
  };
  /** Reads each member once; a name that ends in "!" has to be there. */
  const dictionary =
    (table: Record<string, Convert>): Convert =>
    (value, path) => {
      const given = members(value, path);
      const result: Members = {};
      for (const [key, convert] of Object.entries(table)) {
        const name = key.replace('!', '');
        const member = given[name];
        if (member !== undefined) result[name] = convert(member, `${path}.${name}`);
        else if (key !== name) fail(`${path}.${name}`, 'a value, it is required');
      }
      return result;
    };
  const record =
    (item: Convert): Convert =>
    (value, path) => {
      if (typeof value !== 'object' || value === null) fail(path, 'an object');
      return Object.fromEntries(
        Object.entries(value as Members).map(([key, entry]) => [key, item(entry, `${path}.${key}`)]),
      );
    };

  const PROTECTION_POLICIES = [
    'userVerificationOptional',
    'userVerificationOptionalWithCredentialIDList',
    'userVerificationRequired',
  ];
  const extensions = (bytes: Convert): Convert => {
    const prfValues = dictionary({ 'first!': bytes, second: bytes });
    return dictionary({
      appid: text,
      appidExclude: text,
      credBlob: bytes,
      credProps: boolean,
      credentialProtectionPolicy: (value, path) => {
        const policy = `${value as string}`;
        if (PROTECTION_POLICIES.includes(policy)) return policy;
        throw new DOMException(`${path}: there is no such policy`, 'NotSupportedError');
      },
      enforceCredentialProtectionPolicy: boolean,
      getCredBlob: boolean,
      hmacCreateSecret: boolean,
      largeBlob: dictionary({ support: text, read: boolean, write: bytes }),
      minPinLength: boolean,
      prf: dictionary({ eval: prfValues, evalByCredential: record(prfValues) }),
    });
  };
  const descriptors = (bytes: Convert): Convert =>
    sequence(dictionary({ 'id!': bytes, transports: sequence(text), 'type!': text }));
  const creationTable = (bytes: Convert): Convert =>
    dictionary({
      'rp!': dictionary({ id: text, 'name!': text }),
      'user!': dictionary({ 'id!': bytes, 'name!': text, 'displayName!': text }),
      'challenge!': bytes,
      'pubKeyCredParams!': sequence(dictionary({ 'alg!': long, 'type!': text })),
      timeout: unsignedLong,
      excludeCredentials: descriptors(bytes),
      authenticatorSelection: dictionary({
        authenticatorAttachment: text,
        requireResidentKey: boolean,
        residentKey: text,
        userVerification: text,
      }),
      hints: sequence(text),
      attestation: text,
      attestationFormats: sequence(text),
      extensions: extensions(bytes),
    });
  const requestTable = (bytes: Convert): Convert =>
    dictionary({
      'challenge!': bytes,
      timeout: unsignedLong,
      rpId: text,
      allowCredentials: descriptors(bytes),
      userVerification: text,
      hints: sequence(text),
      extensions: extensions(bytes),
    });
  const base64Url: Convert = (value, path) => {
    const bytes = decode(`${value as string}`);
    if (bytes !== undefined) return bytes;
    throw new DOMException(`${path}: expected base64url without padding`, 'EncodingError');
  };
  // What a page is given has the defaults of the dictionaries (§5.4, §5.5).
  const mediations = oneOf('silent', 'optional', 'conditional', 'required', 'immediate');
  return {
    creation: (value) => creationTable(bufferSource)(value, 'publicKey') as Members,
    request: (value) => requestTable(bufferSource)(value, 'publicKey') as Members,
    mediation: (value) => (value === undefined ? undefined : (mediations(value, 'mediation') as string)),
    creationFromJSON: (json) => {
      const read = creationTable(base64Url)(json, 'options') as Members;
      const selection = read.authenticatorSelection as Members | undefined;
      return {
        attestation: 'none',
        attestationFormats: [],
        excludeCredentials: [],
        hints: [],
        ...read,
        ...(selection && {
          authenticatorSelection: { requireResidentKey: false, userVerification: 'preferred', ...selection },
        }),
      };
    },
    requestFromJSON: (json) => ({
      allowCredentials: [],
      hints: [],
      userVerification: 'preferred',
      ...(requestTable(base64Url)(json, 'options') as Members),
    }),
    dictionary: (value, path, table) =>
      dictionary(Object.fromEntries(Object.entries(table).map(([name, convert]) => [`${name}!`, convert])))(
        value,
        path,
      ) as Members,
    text,
    sequence,
    encode,
    decode,
  };
}
