/** Secrets at rest: sealed under a key in a file of its own, or hashed where nobody needs them back. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  randomBytes,
  type ScryptOptions,
  scrypt,
  timingSafeEqual,
} from 'node:crypto';
import { chmodSync, closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

const KEY_LENGTH = 32;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;

/** AES-256-GCM under one key. The purpose is authenticated: what was sealed for one record opens for no other. */
export class SecretBox {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    if (key.length !== KEY_LENGTH) throw new RangeError(`key: expected ${KEY_LENGTH} bytes, got ${key.length}`);
    this.#key = key;
  }

  /** Opens the key file; creates it, readable by its owner alone, where there is none. */
  static fromFile(path: string): SecretBox {
    if (!existsSync(path)) {
      const file = openSync(path, 'wx', 0o600);
      writeSync(file, randomBytes(KEY_LENGTH));
      fsyncSync(file);
      closeSync(file);
    }
    chmodSync(path, 0o600);
    return new SecretBox(new Uint8Array(readFileSync(path)));
  }

  /** Initialisation vector (12 bytes), tag (16), ciphertext. */
  seal(purpose: string, secret: Uint8Array): Uint8Array {
    const iv = randomBytes(IV_LENGTH);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(purpose));
    const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
    return new Uint8Array(Buffer.concat([iv, cipher.getAuthTag(), sealed]));
  }

  /** @throws Error where the key or the purpose is another, or a byte was changed */
  open(purpose: string, sealed: Uint8Array): Uint8Array {
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, IV_LENGTH))
      .setAAD(Buffer.from(purpose))
      .setAuthTag(sealed.subarray(IV_LENGTH, IV_LENGTH + TAG_LENGTH));
    return new Uint8Array(Buffer.concat([decipher.update(sealed.subarray(IV_LENGTH + TAG_LENGTH)), decipher.final()]));
  }

  sealJson(purpose: string, value: unknown): Uint8Array {
    return this.seal(purpose, Buffer.from(JSON.stringify(value)));
  }

  openJson(purpose: string, sealed: Uint8Array): unknown {
    return JSON.parse(Buffer.from(this.open(purpose, sealed)).toString('utf8'));
  }
}

/** SHA-256, for secrets that are random enough to need no salt: link codes, cookies. */
export function hashOf(secret: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}

/** Compares two texts in a time that depends on their lengths alone. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(hashOf(a), hashOf(b));
}

const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 } as const;

/** A salted scrypt hash (RFC 7914) with its parameters: `scrypt$N$r$p$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, SCRYPT);
  return ['scrypt', SCRYPT.N, SCRYPT.r, SCRYPT.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Whether the password has that hash. Without a hash it takes as long, and the answer is no. */
export async function verifyPassword(password: string, stored: string | null | undefined): Promise<boolean> {
  const [, N, r, p, salt, hash] = (stored ?? (await decoyHash())).split('$');
  const expected = Buffer.from(hash ?? '', 'base64url');
  const options = { N: Number(N), r: Number(r), p: Number(p), maxmem: SCRYPT.maxmem };
  const actual = await derive(password, Buffer.from(salt ?? '', 'base64url'), options);
  return timingSafeEqual(actual, expected) && stored !== null && stored !== undefined;
}

let decoy: Promise<string> | undefined;
function decoyHash(): Promise<string> {
  decoy ??= hashPassword(randomBytes(16).toString('hex'));
  return decoy;
}

function derive(password: string, salt: Uint8Array, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, 32, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
