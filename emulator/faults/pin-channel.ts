/** What a request of authenticatorClientPIN says, decrypted as the key does it: for faults that depend on it. */
import { concat } from '../../ctap/bytes.ts';
import { ClientPinSubcommand, clientPinRequest } from '../../ctap/commands/client-pin.ts';
import { pinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { SeenRequest } from './ctap2-faults.ts';
import type { FaultContext } from './fault.ts';

export interface OpenedPins {
  /** The new PIN with the padding that it came with; undefined where it cannot be decrypted. */
  readonly padded: Uint8Array | undefined;
  /** The new PIN without the zeros at its end. */
  readonly newPin: Uint8Array;
  /** True where pinUvAuthParam was made of what came. */
  readonly authentic: boolean;
  /** True where pinHashEnc is of the PIN that is set. */
  readonly pinFits: boolean;
}

const NOTHING = new Uint8Array(0);

/** Undefined for a request that no key could read. */
export function openPins({ authenticator, crypto }: FaultContext, { parameters }: SeenRequest): OpenedPins | undefined {
  try {
    const request = clientPinRequest.decode(parameters, clientPinRequest.name);
    const { keyAgreement, newPinEnc = NOTHING, pinHashEnc = NOTHING, pinUvAuthParam = NOTHING } = request;
    if (keyAgreement === undefined) return undefined;
    const protocol = pinUvAuthProtocol(request.pinUvAuthProtocol ?? 0, crypto);
    const secret = authenticator.keyAgreement.decapsulate(protocol, keyAgreement);
    const padded = protocol.decrypt(secret, newPinEnc);
    let end = padded?.length ?? 0;
    while (end > 0 && padded?.[end - 1] === 0) end--;
    return {
      padded,
      newPin: padded?.subarray(0, end) ?? NOTHING,
      authentic: protocol.verify(secret, concat(newPinEnc, pinHashEnc), pinUvAuthParam),
      pinFits: authenticator.pin.is(protocol.decrypt(secret, pinHashEnc) ?? NOTHING),
    };
  } catch (error) {
    if (error instanceof CtapError) return undefined;
    throw error;
  }
}

/** The requests of some subcommands. */
export function ofSubcommand(...names: readonly (keyof typeof ClientPinSubcommand)[]) {
  return ({ parameters }: SeenRequest): boolean =>
    names.some((name) => parameters.get(0x02) === ClientPinSubcommand[name]);
}
