/** Who signs in at the Duo-like service while it is measured: users with a security key each. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { Tenant } from '../../sites/duo/domain/tenant.ts';
import { createUser } from '../../sites/duo/domain/users.ts';
import { insertCredential } from '../../sites/duo/domain/webauthn-credentials.ts';

/** People who sign in at the same time, as at nine in the morning. */
export const CONCURRENT = 32;
/** Users made at once: they share a transaction. */
const BATCH = 1000;
const UP = 0x01;

/** A credential in a few lines: the signature is what counts, not the key around it. */
export class SoftCredential {
  readonly id = randomBytes(48);
  readonly publicKey: Uint8Array;
  readonly #privateKey: KeyObject;
  #signCount = 0;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const point = [Buffer.from(x, 'base64url'), Buffer.from('225820', 'hex'), Buffer.from(y, 'base64url')];
    this.publicKey = new Uint8Array(Buffer.concat([Buffer.from('a5010203262001215820', 'hex'), ...point]));
    this.#privateKey = privateKey;
  }

  /** An assertion over the challenge, as a page sends it. */
  answer({ origin, rpId }: Pick<Tenant, 'origin' | 'rpId'>, challenge: string) {
    const clientData = JSON.stringify({ type: 'webauthn.get', challenge, origin, crossOrigin: false });
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(++this.#signCount);
    const rpIdHash = createHash('sha256').update(rpId).digest();
    const authData = Buffer.concat([rpIdHash, Buffer.from([UP]), counter]);
    const signed = Buffer.concat([authData, createHash('sha256').update(clientData).digest()]);
    const id = this.id.toString('base64url');
    return {
      ...{ id, rawId: id, type: 'public-key' as const, clientExtensionResults: {} },
      response: {
        clientDataJSON: Buffer.from(clientData).toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: sign('sha256', signed, this.#privateKey).toString('base64url'),
      },
    };
  }
}

/** Who signs in. */
export interface BenchPerson {
  readonly username: string;
  readonly credential: SoftCredential;
}

/** Makes so many users who have a security key each; resolves to those who sign in. */
export async function populate(tenant: Tenant, count: number): Promise<readonly BenchPerson[]> {
  const people: BenchPerson[] = [];
  const enrol = async (number: number): Promise<void> => {
    const username = `user-${number}`;
    const { userId } = await createUser(tenant, { username });
    // Those who sign in lie all over the table; the others' keys are never asked for.
    const credential = number % (count / CONCURRENT) < 1 ? new SoftCredential() : undefined;
    if (credential !== undefined) people.push({ username, credential });
    await tenant.database.write(() =>
      insertCredential(tenant, {
        ...{
          userId,
          signCount: 0,
          transports: ['usb'],
          attestationFormat: 'none',
          userVerified: false,
          platform: false,
        },
        aaguid: '00000000-0000-0000-0000-000000000000',
        credentialId: new Uint8Array(credential?.id ?? randomBytes(48)),
        publicKey: credential?.publicKey ?? new Uint8Array(randomBytes(77)),
      }),
    );
  };
  for (let first = 0; first < count; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - first) }, (_, index) => enrol(first + index));
    await Promise.all(batch);
  }
  return people;
}
