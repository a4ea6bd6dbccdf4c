/** Faults of the bytes of pinUvAuthTokens: of keys that answer well but the first time. */
import { concat, equalBytes } from '../../ctap/bytes.ts';
import { encodeCbor } from '../../ctap/cbor.ts';
import { clientPinRequest } from '../../ctap/commands/client-pin.ts';
import { Command } from '../../ctap/commands/index.ts';
import { type PinUvAuthProtocol, pinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { Status } from '../../ctap/status.ts';
import { mapOf, seen } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { ofSubcommand } from './pin-channel.ts';

const TOKEN = 0x02;
const PROTOCOL = 0x01;
const BLOCK = 16;
const givesToken = ofSubcommand('getPinUvAuthTokenUsingPinWithPermissions');

/** Two answers to the same request, and what they are encrypted with. */
interface Again {
  readonly before: Uint8Array;
  readonly now: Uint8Array;
  readonly protocol: PinUvAuthProtocol;
  readonly secret: Uint8Array;
  readonly random: (length: number) => Uint8Array;
}

/** Changes a token that is asked for once more by the very request of before. */
function askedAgainFault(
  version: 1 | 2,
  names: Pick<Fault, 'id' | 'summary'>,
  change: (again: Again) => Uint8Array,
): Fault {
  return {
    ...names,
    commands: [Command.authenticatorClientPIN],
    concerns: (bytes) => givesToken(seen(bytes)) && seen(bytes).parameters.get(PROTOCOL) === version,
    install: ({ authenticator, crypto, random }) => {
      let asked: Uint8Array | undefined;
      let before: Uint8Array | undefined;
      return {
        cbor: async (bytes, next) => {
          const request = seen(bytes);
          const answer = await next(bytes);
          const now = mapOf(answer.subarray(1)).get(TOKEN);
          if (!givesToken(request) || request.parameters.get(PROTOCOL) !== version) return answer;
          if (answer[0] !== Status.CTAP2_OK || !(now instanceof Uint8Array)) return answer;
          const isAgain = asked !== undefined && before !== undefined && equalBytes(asked, bytes);
          const { keyAgreement } = clientPinRequest.decode(request.parameters, clientPinRequest.name);
          const protocol = pinUvAuthProtocol(version, crypto);
          const earlier = before;
          [asked, before] = [bytes.slice(), now];
          if (!isAgain || earlier === undefined || keyAgreement === undefined) return answer;
          const secret = authenticator.keyAgreement.decapsulate(protocol, keyAgreement);
          const draw = (length: number) => random.bytes(length);
          const changed = change({ before: earlier, now, protocol, secret, random: draw });
          return Uint8Array.of(Status.CTAP2_OK, ...encodeCbor(new Map([[TOKEN, changed]])));
        },
      };
    },
  };
}

function givenTwice(version: 1 | 2, name: string): Fault {
  const names = {
    id: `token-${name}-given-twice`,
    summary: `gives the same token of protocol ${name} again when it is asked again`,
  };
  return askedAgainFault(version, names, ({ before, protocol, secret, random }) =>
    protocol.encrypt(secret, protocol.decrypt(secret, before)!, random),
  );
}

export const tokenValueFaults: readonly Fault[] = [
  askedAgainFault(
    1,
    { id: 'token-one-of-other-length', summary: 'gives a token of protocol one of 48 bytes when it is asked again' },
    ({ now }) => concat(now, now.subarray(0, BLOCK)),
  ),
  askedAgainFault(
    2,
    { id: 'token-two-of-other-length', summary: 'gives a token of protocol two of 16 bytes when it is asked again' },
    ({ now }) => now.subarray(0, 2 * BLOCK),
  ),
  givenTwice(1, 'one'),
  givenTwice(2, 'two'),
  askedAgainFault(
    2,
    { id: 'token-two-with-the-same-iv', summary: 'encrypts with the initialization vector of before when asked again' },
    ({ before, now }) => concat(before.subarray(0, BLOCK), now.subarray(BLOCK)),
  ),
];
