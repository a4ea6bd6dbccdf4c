/** Faults of keys that are careless about what is inside the parameters of a command. */
import type { CborKey, CborValue } from '../../ctap/cbor.ts';
import { acceptsFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';

/** Stands for each element of a list. */
export const EACH = '*';

/** What stands at a path: undefined for a member that is missing, nothing where there is no map or list around it. */
export function valuesAt(container: CborValue | undefined, [step, ...rest]: readonly CborKey[]): unknown[] {
  if (step === undefined) return [container];
  if (step === EACH) return Array.isArray(container) ? container.flatMap((item) => valuesAt(item, rest)) : [];
  return container instanceof Map ? valuesAt(container.get(step), rest) : [];
}

export interface NestedMember {
  /** As `rp.id`. */
  readonly name: string;
  readonly path: readonly CborKey[];
  readonly required: boolean;
}

/** For each member a key that takes requests without it, where it is required, and one that takes a boolean for it. */
export function nestedFaults(name: string, command: number, members: readonly NestedMember[]): Fault[] {
  return members.flatMap(({ name: member, path, required }) => {
    const kebab = member
      .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
      .toLowerCase()
      .replaceAll('.', '-');
    const missing = acceptsFault({
      id: `${name}-accepts-missing-${kebab}`,
      summary: `takes ${name} requests without ${member}`,
      commands: [command],
      when: ({ parameters }) => valuesAt(parameters, path).includes(undefined),
    });
    const wrong = acceptsFault({
      id: `${name}-accepts-wrong-${kebab}`,
      summary: `takes ${name} requests with a boolean for ${member}`,
      commands: [command],
      when: ({ parameters }) => valuesAt(parameters, path).some((value) => typeof value === 'boolean'),
    });
    return required ? [missing, wrong] : [wrong];
  });
}
