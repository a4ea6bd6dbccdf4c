/** Sign-ins at the Duo-like service, from the challenge to the line in the log on the disk; against bare verification. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../../sites/duo/database/database.ts';
import { Decoys } from '../../sites/duo/decoy.ts';
import { beginAuthentication, finishAuthentication } from '../../sites/duo/domain/credential-authentication.ts';
import { createTenant, type Tenant } from '../../sites/duo/domain/tenant.ts';
import { verifier } from '../../sites/duo/verifier.ts';
import type { Contest, Operation } from './rounds.ts';
import { type BenchPerson, populate } from './site-people.ts';
import { tlsContest } from './site-tls-contest.ts';

const FEW = 100;
const MANY = 100_000;
const CONTEXT = { place: 'bench', ip: '127.0.0.1', userAgent: 'bench' };

export const siteContests: readonly (readonly [string, () => Promise<Contest>])[] = [
  ['site-sign-in', signInContest],
  ['site-sign-in-tls', tlsContest],
  ['site-sign-in-100000', manyUsersContest],
];

interface Populated {
  readonly tenant: Tenant;
  readonly people: readonly BenchPerson[];
  close(): Promise<void>;
}

/** A service's database in a file. */
async function populated(count: number): Promise<Populated> {
  const folder = await mkdtemp(join(tmpdir(), 'ctaplab-bench-site-'));
  const tenant = createTenant({ database: Database.open(join(folder, 'duo.db')) });
  return {
    tenant,
    people: await populate(tenant, count),
    async close() {
      tenant.database.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Everybody signs in at once, again and again. */
function signIns({ tenant, people }: Populated): Operation {
  const decoys = new Decoys();
  const signIn = async ({ username, credential }: BenchPerson): Promise<void> => {
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
