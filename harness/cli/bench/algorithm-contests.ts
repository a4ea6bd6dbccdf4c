/** Assertions by other algorithms than ES256, each against the bare signature below it. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { Algorithm } from '../../../ctap/crypto.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { answer, freshKey, repeat } from './bench-key.ts';
import { credentialIdIn, getAssertion, makeCredential, variety } from './messages.ts';
import type { Contest, Operation } from './rounds.ts';

const RP_ID = 'example.com';
/** What an assertion signs: authenticator data and client data hash, 37 + 32 bytes. */
const message = new Uint8Array(69);

export const algorithmContests: readonly (readonly [string, () => Promise<Contest>])[] = [
  ['get-assertion-es384', () => openSslContest('es384', Algorithm.ES384, 'P-384', 'sha384', p384)],
  ['get-assertion-eddsa', () => openSslContest('eddsa', Algorithm.EdDSA, 'Ed25519', null, ed25519)],
  ['get-assertion-rs256', () => openSslContest('rs256', Algorithm.RS256, 'RSA 2048', 'sha256', rsa)],
  ['get-assertion-ml-dsa-44', mlDsaContest],
];

const p384 = () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
const ed25519 = () => generateKeyPairSync('ed25519').privateKey;
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

async function openSslContest(
  name: string,
  alg: number,
  words: string,
  digest: string | null,
  generate: () => KeyObject,
): Promise<Contest> {
  const key = generate();
  return contest(name, alg, `OpenSSL ${words} signature`, (count) => {
    for (let i = 0; i < count; i++) sign(digest, message, key);
  });
}

/** What signs below depends on this Node: OpenSSL from 3.5 on, else @noble/post-quantum. Both sides have the same. */
async function mlDsaContest(): Promise<Contest> {
  const alg = Algorithm.ML_DSA_44;
  await nodeCrypto.load([alg]);
  const { privateKey } = await nodeCrypto.generateKeyPair(alg, (length) => systemRandom.bytes(length));
  const signer = nodeCrypto.signer(alg, privateKey);
  return contest('ml-dsa-44', alg, 'bare ML-DSA-44 signature', (count) => {
    for (let i = 0; i < count; i++) signer.sign(message);
  });
}

async function contest(name: string, alg: number, against: string, reference: Operation): Promise<Contest> {
  const key = await freshKey({ algorithms: [alg] });
  const id = credentialIdIn(await answer(key, makeCredential(0, { algorithms: [alg] })));
  const requests = variety((index) => getAssertion(index, RP_ID, id));
  return {
    name: `get-assertion-${name}`,
    subject: repeat(key, requests),
    against,
    reference,
    close: () => key.close(),
  };
}
