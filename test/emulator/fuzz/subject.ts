/** Keys to throw things at: each as fresh as the first, with a PIN and credentials, and the same for the same seed. */
import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import { utf8 } from '../../../ctap/bytes.ts';
import { decodeCbor } from '../../../ctap/cbor.ts';
import { getInfoResponse } from '../../../ctap/commands/get-info.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import type { Clock, UserPresence } from '../../../emulator/environment.ts';
import { defaultModel, findModel, type Model } from '../../../emulator/models/index.ts';
import { seededRandom } from '../../../emulator/random.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { authenticate, Platform, RP_ID } from '../authenticator/platform.ts';

export const PIN = '482917';
/** One model as it is sold, and one that has all there is. */
export const MODELS: readonly Model[] = [defaultModel, findModel('ctap2.3-everything')];

/** A key as it lies in a drawer, and what its owner knows of it. */
export interface Prepared {
  readonly model: Model;
  readonly records: readonly (readonly [path: string, value: Uint8Array])[];
  readonly discoverableId: Uint8Array;
  readonly sealedId: Uint8Array;
}

/** A key with a PIN, three discoverable credentials of one site and a sealed one. */
export async function prepare(model: Model): Promise<Prepared> {
  const store = memoryStore();
  const platform = await Platform.open({ store, model });
  await platform.setPin(PIN);
  const make = async (name: string, rk: boolean): Promise<Uint8Array> => {
    const token = await platform.getToken(PIN, { permissions: Permission.makeCredential, rpId: RP_ID });
    const { authData } = await platform.makeCredential({
      user: { id: utf8(name), name, displayName: name.toUpperCase() },
      options: { rk },
      extensions: { 'hmac-secret': true },
      pinUvAuthParam: authenticate(token),
      pinUvAuthProtocol: 2,
    });
    return decodeAuthenticatorData(authData).attestedCredentialData!.credentialId;
  };
  const discoverableId = await make('ann', true);
  await make('bob', true);
  await make('cid', true);
  const sealedId = await make('dan', false);
  return { model, records: [...store.list('')], discoverableId, sealedId };
}

export interface SubjectOptions {
  /** Hexadecimal. */
  readonly seed: string;
  readonly presence?: UserPresence | ((clock: Clock) => UserPresence);
}

/** The prepared key, powered up, and a platform before it. */
export async function plugInPrepared(prepared: Prepared, { seed, presence }: SubjectOptions): Promise<Platform> {
  const store = memoryStore();
  await store.commit(prepared.records.map(([path, value]) => ({ path, value })));
  return Platform.open({ store, model: prepared.model, random: seededRandom(seed), ...(presence ? { presence } : {}) });
}

/** The answer of getInfo, to see that a key goes on. */
export function readInfo(answer: Uint8Array) {
  if (answer[0] !== 0) throw new Error(`expected getInfo to go well, got status ${answer[0]}`);
  return getInfoResponse.decode(decodeCbor(answer.subarray(1)), 'getInfo');
}
