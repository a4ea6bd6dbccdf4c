/** Members inside the parameters of a command: missing, or of the wrong type. */
import type { CborKey, CborMap, CborValue } from '../../../ctap/cbor.ts';
import type { Check } from '../check.ts';
import type { Subject } from '../subject.ts';
import { kebab } from './parameters.ts';
import { refusal } from './refusals.ts';

/** A member that is not a parameter itself, but inside one. */
export interface NestedMember {
  /** Of the ids, as `rp.id`. */
  readonly name: string;
  /** Keys and indices that lead there. */
  readonly path: readonly CborKey[];
  /** True: a request without it is wrong. */
  readonly required: boolean;
}

export interface NestedChecksOptions {
  /** As `makeCredential`. */
  readonly name: string;
  readonly command: number;
  readonly section: string;
  readonly members: readonly NestedMember[];
  /** A request that the key takes, with all of the members. */
  readonly parameters: (key: Subject) => Promise<CborMap>;
}

/**
 * For each member that is required a request without it, for each member one with `true` in its place. The status is
 * left open: the specification names those of pubKeyCredParams as examples.
 */
export function nestedChecks({ name, command, section, members, parameters }: NestedChecksOptions): Check[] {
  return members.flatMap((member): Check[] => {
    const fault = (what: string) => [`${kebab(name)}-accepts-${what}-${kebab(member.name).replaceAll('.', '-')}`];
    const missing = refusal(command, {
      id: `${name}.${member.name}.missing`,
      section,
      statement: `A request without ${member.name} is refused.`,
      faults: fault('missing'),
      parameters: async (key) => replaced(await parameters(key), member.path, undefined),
    });
    const wrong = refusal(command, {
      id: `${name}.${member.name}.wrongType`,
      section: 'CTAP 2.3 §8.2',
      statement: `A request with a boolean for ${member.name} is refused.`,
      faults: fault('wrong'),
      parameters: async (key) => replaced(await parameters(key), member.path, true),
    });
    return member.required ? [missing, wrong] : [wrong];
  });
}

/** A copy with another value at the path, or without what is there where that is undefined. */
function replaced(parameters: CborMap, path: readonly CborKey[], value: CborValue | undefined): CborMap {
  const changed = put(parameters, path, value);
  if (changed instanceof Map) return changed;
  throw new RangeError(`expected a path into the parameters, got ${path.join('.')}`);
}

function put(container: CborValue, [step, ...rest]: readonly CborKey[], value: CborValue | undefined): CborValue {
  if (step === undefined) throw new RangeError('expected a path of one step or more');
  if (Array.isArray(container)) {
    const item = container[Number(step)] ?? null;
    return container.with(Number(step), rest.length > 0 ? put(item, rest, value) : (value ?? null));
  }
  if (!(container instanceof Map)) throw new RangeError(`expected a map or a list around ${step}`);
  const changed: CborMap = new Map(container);
  const next = rest.length > 0 ? put(container.get(step) ?? null, rest, value) : value;
  if (next === undefined) changed.delete(step);
  else changed.set(step, next);
  return changed;
}
