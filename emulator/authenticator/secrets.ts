/** The key's own secret, and the keys drawn from it. A reset replaces it, which voids every wrapped credential. */
import { utf8 } from '../../ctap/bytes.ts';
import type { Environment, StoreChange } from '../environment.ts';

const PATH = 'secret';
const LENGTH = 32;
const NO_SALT = new Uint8Array(32);

export interface Secrets {
  /** AES-256-GCM key of credential ids. */
  readonly wrapKey: Uint8Array;
  /** HMAC key from which each credential's CredRandoms follow. */
  readonly credRandomKey: Uint8Array;
  /** 16 bytes that name the key until its next reset (§6.4 encIdentifier). */
  readonly deviceIdentifier: Uint8Array;
  /** HMAC key from which the state of the credential store follows (§6.4 encCredStoreState). */
  readonly storeStateKey: Uint8Array;
}

/** Each key is derived when it is first wanted. */
function derive({ crypto }: Environment, secret: Uint8Array): Secrets {
  const derived = new Map<string, Uint8Array>();
  const key = (info: string) => {
    const known = derived.get(info) ?? crypto.hkdfSha256(secret, NO_SALT, utf8(info), 32);
    derived.set(info, known);
    return known;
  };
  return {
    get wrapKey() {
      return key('credential wrapping');
    },
    get credRandomKey() {
      return key('hmac-secret');
    },
    get deviceIdentifier() {
      return key('device identifier').subarray(0, 16);
    },
    get storeStateKey() {
      return key('credential store state');
    },
  };
}

/** Reads the secret, or draws it at first power-up. */
export async function openSecrets(environment: Environment): Promise<Secrets> {
  const stored = environment.store.get(PATH);
  if (stored) return derive(environment, stored);
  const { change, secrets } = renewSecrets(environment);
  await environment.store.commit([change]);
  return secrets;
}

/** A fresh secret, and the change that stores it. */
export function renewSecrets(environment: Environment): { change: StoreChange; secrets: Secrets } {
  const secret = environment.random.bytes(LENGTH);
  return { change: { path: PATH, value: secret }, secrets: derive(environment, secret) };
}
