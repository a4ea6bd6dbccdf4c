/** Faults of keys that are careless about the parameters of a command. */
import type { Message } from '../../ctap/schema.ts';
import { acceptsFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';

export interface ParameterFaultsOptions<T> {
  /** In kebab-case, as `make-credential`. */
  readonly name: string;
  readonly command: number;
  readonly table: Message<T>;
  /** Members that are looked at; default: all. */
  readonly members?: readonly string[];
  /** Members that are owed beside those that the table requires. */
  readonly required?: readonly string[];
  /** The subcommand that is concerned, at its key. Default: all. */
  readonly subCommand?: readonly [key: number, value: number];
}

/** `makeCredential` to `make-credential`, `clientPin.setPIN` to `client-pin-set-pin`. */
export function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('.', '-')
    .toLowerCase();
}

/** For each member a key that takes requests without it, where it is required, and one that takes a boolean for it. */
export function parameterFaults<T>(options: ParameterFaultsOptions<T>): Fault[] {
  const { name, command, table, members, required = [], subCommand } = options;
  const commands = [command];
  const chosen = table.members.filter((member) => members?.includes(member.name) ?? true);
  return chosen.flatMap(({ name: member, key, optional }) => {
    const concerns = (parameters: ReadonlyMap<unknown, unknown>) =>
      parameters.size > 0 &&
      (subCommand === undefined || key === subCommand[0] || parameters.get(subCommand[0]) === subCommand[1]);
    const missing = acceptsFault({
      id: `${name}-accepts-missing-${kebab(member)}`,
      summary: `takes ${name} requests without ${member}`,
      commands,
      when: ({ parameters }) => concerns(parameters) && !parameters.has(key),
    });
    const wrong = acceptsFault({
      id: `${name}-accepts-wrong-${kebab(member)}`,
      summary: `takes ${name} requests with a boolean for ${member}`,
      commands,
      when: ({ parameters }) => concerns(parameters) && typeof parameters.get(key) === 'boolean',
    });
    return !optional || required.includes(member) ? [missing, wrong] : [wrong];
  });
}
