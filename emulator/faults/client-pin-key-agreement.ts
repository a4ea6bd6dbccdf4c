/** Faults of key agreement: keys whose key agreement keys are not as they should be. */
import { concat, equalBytes } from '../../ctap/bytes.ts';
import { type CborMap, encodeCbor } from '../../ctap/cbor.ts';
import { ClientPinSubcommand } from '../../ctap/commands/client-pin.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Status } from '../../ctap/status.ts';
import { answerFault, mapOf, type SeenRequest, seen } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';

const commands = [Command.authenticatorClientPIN];
const PROTOCOL = 0x01;
const SUBCOMMAND = 0x02;
const KEY_AGREEMENT = 0x01;
const X = -2;
const Y = -3;

const asks = (protocol: number) => (request: SeenRequest) =>
  request.parameters.get(SUBCOMMAND) === ClientPinSubcommand.getKeyAgreement &&
  request.parameters.get(PROTOCOL) === protocol;

function coseKeyOf(answer: CborMap): CborMap {
  const cose = answer.get(KEY_AGREEMENT);
  return cose instanceof Map ? cose : new Map();
}

const withCoseKey = (change: (cose: CborMap) => CborMap) => (answer: CborMap) =>
  new Map([...answer, [KEY_AGREEMENT, change(coseKeyOf(answer))] as const]);

/** What a key has told of one protocol. */
interface Told {
  /** The key that it tells now, and the one of before. */
  readonly now: CborMap;
  readonly before: CborMap | undefined;
  /** What it was drawn anew for. */
  readonly since: 'powerUp' | 'wrongPin';
}

/** Changes the key that is told when it is asked for again, with no other subcommand in between. */
function askedAgainFault(
  protocol: number,
  names: Pick<Fault, 'id' | 'summary'>,
  change: (told: Told) => CborMap | undefined,
): Fault {
  return {
    ...names,
    commands,
    concerns: (bytes) => asks(protocol)(seen(bytes)),
    install: () => {
      let told: Told | undefined;
      let askedJustNow = false;
      let wrongPin = false;
      return {
        cbor: async (bytes, next) => {
          const answer = await next(bytes);
          if (!asks(protocol)(seen(bytes))) {
            askedJustNow = false;
            wrongPin ||= answer[0] === Status.CTAP2_ERR_PIN_INVALID;
            return answer;
          }
          const now = coseKeyOf(mapOf(answer.subarray(1)));
          if (told === undefined || !equalBytes(encodeCbor(told.now), encodeCbor(now))) {
            told = { now, before: told?.now, since: wrongPin ? 'wrongPin' : 'powerUp' };
            wrongPin = false;
          }
          const changed = askedJustNow ? change(told) : undefined;
          askedJustNow = true;
          if (changed === undefined) return answer;
          return Uint8Array.of(Status.CTAP2_OK, ...encodeCbor(new Map([[KEY_AGREEMENT, changed]])));
        },
      };
    },
  };
}

function coordinate(cose: CborMap, label: number): Uint8Array {
  const bytes = cose.get(label);
  return bytes instanceof Uint8Array ? bytes : new Uint8Array(0);
}

function faultsOf(protocol: number, name: string): Fault[] {
  const says = (member: string, label: number, value: number) =>
    answerFault({
      id: `key-agreement-${name}-other-${member}`,
      summary: `says another ${member} of its key agreement key of protocol ${name}`,
      commands,
      when: asks(protocol),
      change: withCoseKey((cose) => new Map([...cose, [label, value] as const])),
    });
  return [
    says('kty', 1, 1),
    says('alg', 3, -7),
    says('crv', -1, 2),
    answerFault({
      id: `key-agreement-${name}-further-member`,
      summary: `gives its key agreement key of protocol ${name} a key id`,
      commands,
      when: asks(protocol),
      change: withCoseKey((cose) => new Map([...cose, [2, Uint8Array.of(1)] as const])),
    }),
    askedAgainFault(
      protocol,
      {
        id: `key-agreement-${name}-long-coordinate`,
        summary: `writes x of its key agreement key of protocol ${name} in 33 bytes when it is asked again`,
      },
      ({ now }) => new Map([...now, [X, concat(Uint8Array.of(0), coordinate(now, X))] as const]),
    ),
    askedAgainFault(
      protocol,
      {
        id: `key-agreement-${name}-off-curve`,
        summary: `answers a key agreement key of protocol ${name} that is no point of P-256 when it is asked again`,
      },
      ({ now }) => new Map([...now, [Y, coordinate(now, Y).map((byte) => byte ^ 0xff)] as const]),
    ),
    askedAgainFault(
      protocol,
      {
        id: `key-agreement-${name}-same-after-power-up`,
        summary: `asked again, answers the key agreement key of protocol ${name} of before it was plugged in`,
      },
      ({ before, since }) => (since === 'powerUp' ? before : undefined),
    ),
    askedAgainFault(
      protocol,
      {
        id: `key-agreement-${name}-same-after-wrong-pin`,
        summary: `asked again, answers the key agreement key of protocol ${name} of before a wrong PIN`,
      },
      ({ before, since }) => (since === 'wrongPin' ? before : undefined),
    ),
  ];
}

export const keyAgreementFaults: readonly Fault[] = [...faultsOf(1, 'one'), ...faultsOf(2, 'two')];
