/** How much a key takes: what it says, and what it was seen to take. */
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { MAX_MESSAGE_SIZE } from '../../ctap/hid/packet.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import { PasskeysClient } from '../client/passkeys.ts';
import type { Limit } from './probe-result.ts';
import type { ProbedKey } from './probed-key.ts';
import { assertionRequest, assertionRequestOf, ID_SIZE, strangeId, takes } from './questions.ts';

/** Where getInfo does not say (CTAP 2.3 §6.4). */
const DEFAULT_MESSAGE_SIZE = 1024;
/** Bytes of an assertion request beside its list. */
const AROUND_THE_LIST = 120;
/** Bytes of a descriptor beside its id. */
const AROUND_AN_ID = 24;
/** Ids that are tried in a list, and the length of one. */
const MOST_IDS = 64;
const LONGEST_ID = 1023;

export async function findLimits(key: ProbedKey, info: GetInfoResponse | undefined, pin?: string): Promise<Limit[]> {
  const limits: Limit[] = [];
  if (key.carrier === 'hid') {
    const found = await largest(1, MAX_MESSAGE_SIZE, (size) => echoes(key, size));
    limits.push({
      what: 'bytes of a CTAPHID message',
      claimed: null,
      ...found,
      note: `the protocol has ${MAX_MESSAGE_SIZE}`,
    });
  }
  if (info === undefined) return limits;
  const { maxMsgSize, maxCredentialCountInList, maxCredentialIdLength } = info;
  const room = (maxMsgSize ?? DEFAULT_MESSAGE_SIZE) - AROUND_THE_LIST;
  limits.push({
    what: 'bytes of a CTAP2 request',
    claimed: maxMsgSize ?? null,
    ...(await largest(DEFAULT_MESSAGE_SIZE / 2, MAX_MESSAGE_SIZE, (size) => takes(key, assertionRequestOf(size)))),
    ...(maxMsgSize === undefined ? { note: '1024 where getInfo does not say' } : {}),
  });
  limits.push({
    what: 'credential ids in a list',
    claimed: maxCredentialCountInList ?? null,
    ...(await largest(1, Math.min(MOST_IDS, Math.floor(room / (ID_SIZE + AROUND_AN_ID))), (count) =>
      takes(key, assertionRequest(Array.from({ length: count }, () => strangeId(ID_SIZE)))),
    )),
  });
  limits.push({
    what: 'bytes of a credential id',
    claimed: maxCredentialIdLength ?? null,
    ...(await largest(16, Math.min(LONGEST_ID, room - AROUND_AN_ID), (size) =>
      takes(key, assertionRequest([strangeId(size)])),
    )),
  });
  limits.push(await passkeysLeft(key, info, pin));
  return limits;
}

/** The largest number that is taken, where all above one are refused. */
async function largest(
  least: number,
  most: number,
  isTaken: (size: number) => Promise<boolean>,
): Promise<Pick<Limit, 'found' | 'refusedBeyond'>> {
  if (await isTaken(most)) return { found: most, refusedBeyond: false };
  if (!(await isTaken(least))) return { found: null, refusedBeyond: true };
  let [good, bad] = [least, most];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (await isTaken(middle)) good = middle;
    else bad = middle;
  }
  return { found: good, refusedBeyond: true };
}

async function echoes({ device }: ProbedKey, size: number): Promise<boolean> {
  try {
    await device.ping(new Uint8Array(size));
    return true;
  } catch (error) {
    if (error instanceof CtapError) return false;
    throw error;
  }
}

async function passkeysLeft(key: ProbedKey, info: GetInfoResponse, pin: string | undefined): Promise<Limit> {
  const { options = {}, remainingDiscoverableCredentials: claimed = null } = info;
  const base = { what: 'passkeys that may still be made', claimed, refusedBeyond: false };
  if (!options.credMgmt && !options.credentialMgmtPreview)
    return { ...base, found: null, note: 'no credential management' };
  if (pin === undefined) return { ...base, found: null, note: 'takes the PIN' };
  const permissions = Permission.credentialManagement;
  const token = await key.pin.getPinUvAuthToken({ pin, permissions });
  const { existing, remaining } = await new PasskeysClient(key.ctap2, token).metadata();
  return { ...base, found: remaining, note: `${existing} are on the key` };
}
