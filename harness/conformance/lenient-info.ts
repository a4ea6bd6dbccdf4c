/** getInfo of a key that may describe itself wrongly: the judge goes on with what can be understood. */
import type { CborMap } from '../../ctap/cbor.ts';
import type { ClientPinRequest, ClientPinResponse } from '../../ctap/commands/client-pin.ts';
import { type GetInfoResponse, getInfoResponse } from '../../ctap/commands/get-info.ts';
import { Command } from '../../ctap/commands/index.ts';
import { ECDH_ES_HKDF_256 } from '../../ctap/cose.ts';
import { CtapError } from '../../ctap/status.ts';
import { Ctap2Client, type GetInfoOptions } from '../client/ctap2.ts';
import type { ExchangeOptions } from '../client/device.ts';
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

/** The labels of a key agreement key that say nothing new: kty EC2, alg ECDH-ES+HKDF-256, crv P-256. */
const P256: readonly (readonly [number, number])[] = [
  [1, 2],
  [3, ECDH_ES_HKDF_256],
  [-1, 1],
];

/** A client that bears a wrong getInfo, and key agreement keys that name themselves wrongly: their checks tell of that, others go on. */
export class LenientCtap2Client extends Ctap2Client {
  #said: GetInfoResponse | undefined;

  override async getInfo(options: GetInfoOptions = {}): Promise<GetInfoResponse> {
    if (options.cached !== true || this.#said === undefined) {
      this.#said = lenientInfo(await this.device.cbor(Uint8Array.of(Command.authenticatorGetInfo), options));
    }
    return this.#said;
  }

  override async clientPin(request: ClientPinRequest, options?: ExchangeOptions): Promise<ClientPinResponse> {
    const answer = await super.clientPin(request, options);
    const { keyAgreement } = answer;
    return keyAgreement === undefined ? answer : { ...answer, keyAgreement: new Map([...keyAgreement, ...P256]) };
  }
}
