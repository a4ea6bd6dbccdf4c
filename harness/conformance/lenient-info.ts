/** getInfo of a key that may describe itself wrongly: the judge goes on with what can be understood. */
import type { CborMap } from '../../ctap/cbor.ts';
import { type GetInfoResponse, getInfoResponse } from '../../ctap/commands/get-info.ts';
import { Command } from '../../ctap/commands/index.ts';
import { CtapError } from '../../ctap/status.ts';
import { Ctap2Client, type GetInfoOptions } from '../client/ctap2.ts';

import { lenientCbor } from './lenient-cbor.ts';

/** What stands in for the members that a response owes. */
const OWED: readonly (readonly [number, readonly string[] | Uint8Array])[] = [
  [0x01, ['FIDO_2_0']],
  [0x03, new Uint8Array(16)],
];

/** Reads an answer to getInfo; members that are not as they should be are left out, or replaced where they are owed. */
export function lenientInfo(body: Uint8Array): GetInfoResponse {
  const value = lenientCbor(body);
  const good: CborMap = new Map(OWED.map(([key, owed]) => [key, owed instanceof Uint8Array ? owed : [...owed]]));
  if (value instanceof Map) {
    for (const [key, member] of value) {
      if (isGood(new Map([...good, [key, member]]))) good.set(key, member);
    }
  }
  return getInfoResponse.decode(good, getInfoResponse.name);
}

function isGood(response: CborMap): boolean {
  try {
    getInfoResponse.decode(response, getInfoResponse.name);
    return true;
  } catch (error) {
    if (error instanceof CtapError) return false;
    throw error;
  }
}

/** A client that bears a wrong getInfo: the checks of getInfo tell of that, others go on. */
export class LenientCtap2Client extends Ctap2Client {
  #said: GetInfoResponse | undefined;

  override async getInfo(options: GetInfoOptions = {}): Promise<GetInfoResponse> {
    if (options.cached !== true || this.#said === undefined) {
      this.#said = lenientInfo(await this.device.cbor(Uint8Array.of(Command.authenticatorGetInfo), options));
    }
    return this.#said;
  }
}
