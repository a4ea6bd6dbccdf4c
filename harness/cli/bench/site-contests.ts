/** Sign-ins at the Duo-like service, from the challenge to the line in the log on the disk; against bare verification. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../../sites/duo/database/database.ts';
import { Decoys } from '../../sites/duo/decoy.ts';
import { beginAuthentication, finishAuthentication } from '../../sites/duo/domain/credential-authentication.ts';
import { createTenant, type Tenant } from '../../sites/duo/domain/tenant.ts';
import { createUser } from '../../sites/duo/domain/users.ts';
import { insertCredential } from '../../sites/duo/domain/webauthn-credentials.ts';
import { verifier } from '../../sites/duo/verifier.ts';
import type { Contest, Operation } from './rounds.ts';

const FEW = 100;
const MANY = 100_000;
/** Users made at once: they share a transaction. */
const BATCH = 1000;
/** People who sign in at the same time, as at nine in the morning. */
const CONCURRENT = 32;
const UP = 0x01;
const CONTEXT = { place: 'bench', ip: '127.0.0.1', userAgent: 'bench' };

export const siteContests: readonly (readonly [string, () => Promise<Contest>])[] = [
  ['site-sign-in', signInContest],
  ['site-sign-in-100000', manyUsersContest],
];

/** A credential in a few lines: the signature is what counts, not the key around it. */
class SoftCredential {
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

  answer(tenant: Tenant, challenge: string) {
    const clientData = JSON.stringify({ type: 'webauthn.get', challenge, origin: tenant.origin, crossOrigin: false });
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(++this.#signCount);
    const rpIdHash = createHash('sha256').update(tenant.rpId).digest();
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

interface Populated {
  readonly tenant: Tenant;
  /** Who signs in. */
  readonly people: readonly { readonly username: string; readonly credential: SoftCredential }[];
  close(): Promise<void>;
}

/** A service's database in a file, with so many users who have a security key each. */
async function populated(count: number): Promise<Populated> {
  const folder = await mkdtemp(join(tmpdir(), 'ctaplab-bench-site-'));
  const tenant = createTenant({ database: Database.open(join(folder, 'duo.db')) });
  const people: { username: string; credential: SoftCredential }[] = [];
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
  return {
    tenant,
    people,
    async close() {
      tenant.database.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Everybody signs in at once, again and again. */
function signIns({ tenant, people }: Populated): Operation {
  const decoys = new Decoys();
  const signIn = async ({ username, credential }: Populated['people'][number]): Promise<void> => {
    const { options, pending } = await beginAuthentication(tenant, decoys, username);
    const answer = credential.answer(tenant, options.challenge);
    const result = await finishAuthentication(tenant, decoys, pending, answer, CONTEXT);
    if (!result.accepted) throw new Error(`expected ${username} to be signed in, was refused: ${result.reason}`);
  };
  return async (count) => {
    for (let done = 0; done < count; done += people.length) {
      await Promise.all(people.slice(0, count - done).map(signIn));
    }
  };
}

async function signInContest(): Promise<Contest> {
  const site = await populated(FEW);
  const { verifyAuthenticationResponse } = await verifier();
  const { tenant, people } = site;
  const { credential } = people[0]!;
  const challenge = randomBytes(32).toString('base64url');
  const response = credential.answer(tenant, challenge);
  return {
    name: 'site-sign-in',
    subject: signIns(site),
    against: '@simplewebauthn/server verifying alone',
    async reference(count) {
      for (let i = 0; i < count; i++) {
        await verifyAuthenticationResponse({
          ...{ response, expectedChallenge: challenge, expectedOrigin: tenant.origin, expectedRPID: tenant.rpId },
          requireUserVerification: false,
          credential: { id: response.id, publicKey: new Uint8Array(credential.publicKey), counter: 0 },
        });
      }
    },
    close: () => site.close(),
  };
}

async function manyUsersContest(): Promise<Contest> {
  const [many, few] = [await populated(MANY), await populated(FEW)];
  return {
    name: 'site-sign-in-100000',
    subject: signIns(many),
    against: 'a sign-in with a hundred users',
    reference: signIns(few),
    async close() {
      await many.close();
      await few.close();
    },
  };
}
