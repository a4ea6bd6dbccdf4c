/** What checks of authenticatorGetInfo have in common: its members as they came. */
import type { CborMap, CborValue } from '../../../ctap/cbor.ts';
import { getInfoResponse } from '../../../ctap/commands/get-info.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { Check, Needs } from '../check.ts';
import { NotApplicable } from '../not-applicable.ts';
import type { Subject } from '../subject.ts';

export const GET_INFO = 'CTAP 2.3 §6.4';

/** Members by their names, whatever values they have. */
export class Said {
  readonly #answer: CborMap;

  constructor(answer: CborMap) {
    this.#answer = answer;
  }

  static async of(key: Subject): Promise<Said> {
    return new Said(await key.accepted(Command.authenticatorGetInfo));
  }

  /** The value of a member; undefined where it is missing. */
  get(name: string): CborValue | undefined {
    const member = getInfoResponse.members.find((candidate) => candidate.name === name);
    return member && this.#answer.get(member.key);
  }

  /** The value of a member. @throws NotApplicable where it is missing */
  need(name: string): CborValue {
    const value = this.get(name);
    if (value === undefined) throw new NotApplicable(`getInfo has no ${name}`);
    return value;
  }

  /** A member that is a number. @throws NotApplicable where it is missing, or something else: another check tells of that */
  number(name: string): number {
    const value = this.need(name);
    if (typeof value !== 'number') throw new NotApplicable(`${name} is no number`);
    return value;
  }

  /** A member that is an array. @throws NotApplicable as {@link number} */
  list(name: string): readonly CborValue[] {
    const value = this.need(name);
    if (!Array.isArray(value)) throw new NotApplicable(`${name} is no array`);
    return value;
  }

  /** The options; none where they are missing. */
  get options(): CborMap {
    const value = this.get('options');
    return value instanceof Map ? value : new Map();
  }

  /** Names in a member that is an array of texts; none where it is missing. */
  names(name: 'versions' | 'extensions'): readonly CborValue[] {
    const value = this.get(name);
    return Array.isArray(value) ? value : [];
  }
}

/** A rule about what one answer of getInfo says. */
export function infoCheck(
  id: string,
  statement: string,
  fault: string,
  judge: (said: Said) => void,
  rest: { readonly section?: string; readonly severity?: 'warning'; readonly needs?: Needs } = {},
): Check {
  return {
    id: `getInfo.${id}`,
    section: GET_INFO,
    statement,
    ...rest,
    faults: [fault],
    async run(key) {
      judge(await Said.of(key));
    },
  };
}

/** True where no value stands twice in it. */
export function isDistinct(values: readonly CborValue[]): boolean {
  return new Set(values).size === values.length;
}
