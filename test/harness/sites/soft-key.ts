import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import type { ErrorJSON } from '../../../harness/sites/duo/index.ts';

/** What a test may twist in an answer. */
export interface Twist {
  origin?: string;
  rpId?: string;
  challenge?: string;
  flags?: number;
  signCount?: number;
  userHandle?: string;
  signature?: string;
}

const UP = 0x01;
const AT = 0x40;

/** A credential and the client before it, in a few lines: answers of WebAuthn Level 3 §5.1 that a test can twist. */
export class SoftKey {
  readonly #origin: string;
  readonly #key: KeyObject;
  readonly #cose: Uint8Array;
  readonly id = randomBytes(48).toString('base64url');
  signCount = 0;

  constructor(origin: string) {
    this.#origin = origin;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x, y } = publicKey.export({ format: 'jwk' });
    this.#key = privateKey;
    this.#cose = Buffer.concat([
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x ?? '', 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y ?? '', 'base64url'),
    ]);
  }

  register(options: PublicKeyCredentialCreationOptionsJSON, twist: Twist = {}): RegistrationResponseJSON {
    const id = Buffer.from(this.id, 'base64url');
    const authData = Buffer.concat([
      this.#authenticatorData(options.rp.id ?? '', twist, AT | UP),
      Buffer.alloc(16),
      Buffer.from([id.length >> 8, id.length & 255]),
      id,
      this.#cose,
    ]);
    // {"fmt": "none", "attStmt": {}, "authData": bytes} in canonical CBOR.
    const attestationObject = Buffer.concat([
      Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746158', 'hex'),
      Buffer.from([authData.length]),
      authData,
    ]);
    return {
      ...this.#envelope(),
      response: {
        clientDataJSON: this.#clientData('webauthn.create', options.challenge, twist).toString('base64url'),
        attestationObject: attestationObject.toString('base64url'),
        transports: ['usb'],
      },
    };
  }

  authenticate(options: PublicKeyCredentialRequestOptionsJSON, twist: Twist = {}): AuthenticationResponseJSON {
    this.signCount += 1;
    const clientData = this.#clientData('webauthn.get', options.challenge, twist);
    const authData = this.#authenticatorData(options.rpId ?? '', twist, UP);
    const signed = Buffer.concat([authData, createHash('sha256').update(clientData).digest()]);
    return {
      ...this.#envelope(),
      response: {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: twist.signature ?? sign('sha256', signed, this.#key).toString('base64url'),
        ...(twist.userHandle === undefined ? {} : { userHandle: twist.userHandle }),
      },
    };
  }

  #envelope(): { id: string; rawId: string; type: 'public-key'; clientExtensionResults: Record<string, never> } {
    return { id: this.id, rawId: this.id, type: 'public-key', clientExtensionResults: {} };
  }

  #clientData(type: string, challenge: string, twist: Twist): Buffer {
    const origin = twist.origin ?? this.#origin;
    return Buffer.from(JSON.stringify({ type, challenge: twist.challenge ?? challenge, origin, crossOrigin: false }));
  }

  #authenticatorData(rpId: string, twist: Twist, flags: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(twist.signCount ?? this.signCount);
    const rpIdHash = createHash('sha256')
      .update(twist.rpId ?? rpId)
      .digest();
    return Buffer.concat([rpIdHash, Buffer.from([twist.flags ?? flags]), counter]);
  }
}

/** An answer of the site; `body` is of type T when the site did what was expected, which tests then assert. */
export interface Answer<T = ErrorJSON> {
  status: number;
  body: T;
  headers: Headers;
}

/** A headless client with a cookie jar of one. */
export class SiteClient {
  readonly #url: string;
  cookie: string | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  post<T = ErrorJSON>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.#send(path, {
      method: 'POST',
      body: text,
      headers: { 'Content-Type': 'application/json', ...headers },
    });
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#send(path, { headers });
  }

  async #send<T>(path: string, init: RequestInit & { headers: Record<string, string> }): Promise<Answer<T>> {
    const cookie: Record<string, string> = this.cookie === undefined ? {} : { Cookie: this.cookie };
    const headers = { ...cookie, ...init.headers };
    const response = await fetch(`${this.#url}${path}`, { ...init, headers, redirect: 'manual' });
    const set = response.headers.get('set-cookie');
    if (set !== null) this.cookie = set.split(';')[0];
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
  }

  creationOptions(username: string): Promise<Answer<PublicKeyCredentialCreationOptionsJSON>> {
    return this.post('/api/registration/options', { username });
  }

  requestOptions(username: string): Promise<Answer<PublicKeyCredentialRequestOptionsJSON>> {
    return this.post('/api/authentication/options', { username });
  }

  /** Enrols a key for a username and returns the site's answer. */
  async enroll(key: SoftKey, username: string, twist: Twist = {}): Promise<Answer> {
    const { status, body, headers } = await this.creationOptions(username);
    if ('error' in body) return { status, body: body as unknown as ErrorJSON, headers };
    return this.post('/api/registration', key.register(body, twist));
  }

  /** Signs in and returns the site's answer. */
  async signIn(key: SoftKey, username: string, twist: Twist = {}): Promise<Answer> {
    const { status, body, headers } = await this.requestOptions(username);
    if ('error' in body) return { status, body: body as unknown as ErrorJSON, headers };
    return this.post('/api/authentication', key.authenticate(body, twist));
  }
}
