/** Makers of faults of authenticatorGetInfo: members and options that are other ones than they should be. */
import { type CborKey, type CborMap, type CborValue, encodeCbor } from '../../ctap/cbor.ts';
import { type AuthenticatorOption, type GetInfoResponse, getInfoResponse } from '../../ctap/commands/get-info.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Status } from '../../ctap/status.ts';
import { answerFault, mapOf } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';

const commands = [Command.authenticatorGetInfo];

type Member = keyof GetInfoResponse & string;
/** What is said of a member in place of what should be; undefined leaves it out. */
export type Saying = (said: CborValue | undefined) => CborValue | undefined;

function keyOf(name: string): CborKey {
  const member = getInfoResponse.members.find((candidate) => candidate.name === name);
  if (member === undefined) throw new Error(`getInfo has no member ${name}`);
  return member.key;
}

function withSaying(answer: CborMap, name: string, saying: Saying): CborMap {
  const changed: CborMap = new Map(answer);
  const key = keyOf(name);
  const next = saying(answer.get(key));
  if (next === undefined) changed.delete(key);
  else changed.set(key, next);
  return changed;
}

/** getInfo says something else of a member. */
export function says(id: string, summary: string, name: string, saying: Saying): Fault {
  return answerFault({ id, summary, commands, change: (answer) => withSaying(answer, name, saying) });
}

/** The same by a key that remembers what it has said. */
export function saysByMemory(id: string, summary: string, name: Member, make: () => Saying): Fault {
  return {
    id,
    summary,
    commands,
    install: () => {
      const saying = make();
      return {
        cbor: async (bytes, next) => {
          const answer = await next(bytes);
          if (answer[0] !== Status.CTAP2_OK) return answer;
          const said = encodeCbor(withSaying(mapOf(answer.subarray(1)), name, saying));
          return Uint8Array.of(Status.CTAP2_OK, ...said);
        },
      };
    },
  };
}

/** The same while a PIN is set. */
export function saysBesidePin(id: string, summary: string, name: Member, saying: Saying): Fault {
  const change = (answer: CborMap) => {
    const options = answer.get(keyOf('options'));
    const isSet = options instanceof Map && options.get('clientPin') === true;
    return isSet ? withSaying(answer, name, saying) : answer;
  };
  return answerFault({ id, summary, commands, change });
}

/** getInfo leaves members out. */
export function hides(id: string, summary: string, ...names: readonly Member[]): Fault {
  const change = (answer: CborMap) => names.reduce((said, name) => withSaying(said, name, () => undefined), answer);
  return answerFault({ id, summary, commands, change });
}

/** Several members at once. */
export function saysAll(id: string, summary: string, sayings: Partial<Record<Member, Saying>>): Fault {
  const change = (answer: CborMap) =>
    Object.entries(sayings).reduce((said, [name, saying]) => withSaying(said, name, saying), answer);
  return answerFault({ id, summary, commands, change });
}

/** Options with other values, or without one where it is undefined; members that are left out beside. */
export function optionsSay(
  id: string,
  summary: string,
  values: Partial<Record<AuthenticatorOption, boolean | undefined>>,
  ...hidden: readonly Member[]
): Fault {
  const change = (answer: CborMap) => {
    const rest = hidden.reduce((said, name) => withSaying(said, name, () => undefined), answer);
    return withSaying(rest, 'options', (said) => (said instanceof Map ? withOptions(said, values) : said));
  };
  return answerFault({ id, summary, commands, change });
}

export function withOptions(
  options: CborMap,
  values: Partial<Record<AuthenticatorOption, boolean | undefined>>,
): CborMap {
  const changed: CborMap = new Map(options);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) changed.delete(name);
    else changed.set(name, value);
  }
  return changed;
}

/** An array with one more entry, the first one again unless given. */
export function more(entry?: CborValue): Saying {
  return (said) => (Array.isArray(said) ? [...said, entry ?? said[0] ?? 0] : said);
}

/** An array without some entries. */
export function without(fits: (entry: CborValue) => boolean): Saying {
  return (said) => (Array.isArray(said) ? said.filter((entry) => !fits(entry)) : said);
}

/** Another value, where the member is said at all. */
export function instead(value: CborValue): Saying {
  return (said) => (said === undefined ? undefined : value);
}

/** The beginning of a byte string. */
export function cut(length: number): Saying {
  return (said) => (said instanceof Uint8Array ? said.subarray(0, length) : said);
}
