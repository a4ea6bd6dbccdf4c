/** What the bench measures, and against what. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { Decoder } from 'cbor-x';
import { decodeCbor } from '../../../ctap/cbor.ts';
import { CtapHidDevice } from '../../client/ctap-hid.ts';
import { connectInProcess } from '../../transports/in-process.ts';
import { algorithmContests } from './algorithm-contests.ts';
import { answer, freshKey, keyWith, repeat, rpOf } from './bench-key.ts';
import { browserContests } from './browser-contests.ts';
import { conformanceContest } from './conformance-contest.ts';
import { labContests } from './lab-contests.ts';
import { credentialIdIn, getAssertion, makeCredential, variety } from './messages.ts';
import type { Contest } from './rounds.ts';
import { siteContests } from './site-contests.ts';
import { storageContests } from './storage-contests.ts';

const RP_ID = 'example.com';
const SIGNATURE = 'OpenSSL P-256 signature';
const KEY_AND_SIGNATURE = 'OpenSSL P-256 key generation and signature';
const CBOR_X = 'cbor-x decoding';

/** What an assertion signs: authenticator data and client data hash, 37 + 32 bytes. */
const message = new Uint8Array(69);

/** Contests by name; each sets up its keys when it is asked for. */
export const contests: ReadonlyMap<string, () => Promise<Contest>> = new Map([
  ['make-credential', makeCredentialContest],
  ['get-assertion', getAssertionContest],
  ['get-assertion-hid', getAssertionHidContest],
  ['cbor-decode', cborDecodeContest],
  ['get-assertion-10000', manyCredentialsContest],
  ...algorithmContests,
  ...storageContests,
  ...labContests,
  ['conformance', conformanceContest],
  ...siteContests,
  ...browserContests,
]);

async function makeCredentialContest(): Promise<Contest> {
  const key = await freshKey();
  return {
    name: 'make-credential',
    subject: repeat(key, variety(makeCredential)),
    against: KEY_AND_SIGNATURE,
    reference(count) {
      for (let i = 0; i < count; i++) {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        sign('sha256', message, privateKey);
      }
    },
    close: () => key.close(),
  };
}

async function getAssertionContest(): Promise<Contest> {
  const key = await freshKey();
  const id = credentialIdIn(await answer(key, makeCredential(0)));
  return {
    name: 'get-assertion',
    subject: repeat(
      key,
      variety((index) => getAssertion(index, RP_ID, id)),
    ),
    against: SIGNATURE,
    reference: signatures,
    close: () => key.close(),
  };
}

async function getAssertionHidContest(): Promise<Contest> {
  const key = await freshKey();
  const id = credentialIdIn(await answer(key, makeCredential(0)));
  const requests = variety((index) => getAssertion(index, RP_ID, id));
  const device = await CtapHidDevice.open(connectInProcess(key));
  return {
    name: 'get-assertion-hid',
    async subject(count) {
      for (let i = 0; i < count; i++) await device.cbor(requests[i % requests.length]!);
    },
    against: SIGNATURE,
    reference: signatures,
    async close() {
      await device.close();
      await key.close();
    },
  };
}

async function cborDecodeContest(): Promise<Contest> {
  const key = await freshKey();
  const request = makeCredential(0);
  const response = await answer(key, request);
  await key.close();
  const bodies = [request.subarray(1), response.subarray(1)] as const;
  const decoder = new Decoder({ mapsAsObjects: false, useRecords: false });
  return {
    name: 'cbor-decode',
    subject(count) {
      for (let i = 0; i < count; i++) for (const body of bodies) decodeCbor(body);
    },
    against: CBOR_X,
    reference(count) {
      for (let i = 0; i < count; i++) for (const body of bodies) decoder.decode(body);
    },
  };
}

async function manyCredentialsContest(): Promise<Contest> {
  const [many, few] = [await keyWith(10_000), await keyWith(10)];
  const requests = variety((index) => getAssertion(index, rpOf(index % 10)));
  return {
    name: 'get-assertion-10000',
    subject: repeat(many, requests),
    against: 'the same key with ten discoverable credentials',
    reference: repeat(few, requests),
    async close() {
      await many.close();
      await few.close();
    },
  };
}

const { privateKey: signingKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function signatures(count: number): void {
  for (let i = 0; i < count; i++) sign('sha256', message, signingKey);
}
