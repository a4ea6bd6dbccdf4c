/** What a trace shows of secrets, and how it opens those whose shared secret is its own. */
import { equalBytes, toHex } from '../bytes.ts';
import type { CborMap } from '../cbor.ts';
import { decodeCoseKey } from '../cose.ts';
import { pinUvAuthProtocol } from '../pin-uv-auth/index.ts';
import type { Json, TraceDecryption, TraceOptions } from './entry.ts';

/** Opens what is encrypted under one shared secret; undefined where it does not fit. */
export type Opener = (ciphertext: Uint8Array) => Uint8Array | undefined;

const HIDDEN_PAIR = '**';

/** One message's secrets: told as the options say, and remembered so that its bytes can hide them, too. */
export class Secrets {
  readonly #shown: boolean;
  readonly #decryption: TraceDecryption | undefined;
  readonly #hidden: Uint8Array[] = [];
  /** For what is encrypted from here on. */
  opener: Opener | undefined;

  constructor({ secrets, decryption }: TraceOptions, opener?: Opener) {
    this.#shown = secrets === 'shown';
    this.#decryption = decryption;
    this.opener = opener;
  }

  /** Takes the shared secret that this platform key stands for, where it is the caller's. */
  agree(platformKey: CborMap, version: number): void {
    this.opener = this.#decryption && openerFor(this.#decryption, platformKey, version);
  }

  tell(bytes: Uint8Array): Json {
    if (this.#shown) return toHex(bytes);
    this.#hidden.push(bytes);
    return { hidden: bytes.length };
  }

  tellEncrypted(bytes: Uint8Array): Json {
    const decrypted = this.opener?.(bytes);
    return decrypted === undefined ? this.tell(bytes) : { encrypted: toHex(bytes), decrypted: toHex(decrypted) };
  }

  /** A message in hexadecimal, without what was hidden; `opaque` hides all from that byte on. */
  mask(message: Uint8Array, opaque = message.length): string {
    if (this.#shown || (this.#hidden.length === 0 && opaque >= message.length)) return toHex(message);
    const hidden = new Uint8Array(message.length).fill(1, opaque);
    for (const secret of this.#hidden) {
      for (const start of occurrences(message, secret)) hidden.fill(1, start, start + secret.length);
    }
    return Array.from(message, (_, at) => (hidden[at] === 1 ? HIDDEN_PAIR : toHex(message.subarray(at, at + 1)))).join(
      '',
    );
  }
}

function* occurrences(message: Uint8Array, part: Uint8Array): Generator<number> {
  if (part.length === 0) return;
  for (let at = message.indexOf(part[0]!); at >= 0; at = message.indexOf(part[0]!, at + 1)) {
    if (equalBytes(message.subarray(at, at + part.length), part)) yield at;
  }
}

function openerFor(decryption: TraceDecryption, platformKey: CborMap, version: number): Opener | undefined {
  try {
    const protocol = pinUvAuthProtocol(version, decryption.crypto);
    const secret = decryption.sharedSecret(decodeCoseKey(platformKey).publicKey);
    return secret && ((ciphertext) => protocol.decrypt(secret, ciphertext));
  } catch {
    return undefined; // no protocol or no key of ours: nobody's secret to open
  }
}
