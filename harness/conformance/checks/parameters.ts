/** Checks that every command with a table of parameters shares: members that are missing, or of the wrong type. */
import type { CborMap } from '../../../ctap/cbor.ts';
import type { Message } from '../../../ctap/schema.ts';
import { kebab } from '../../../emulator/faults/parameters.ts';
import { withMember } from '../ceremony.ts';
import type { Check, Needs } from '../check.ts';
import { expectStatus } from '../expect.ts';
import type { Subject } from '../subject.ts';

export { kebab };

export interface ParameterChecksOptions<T> {
  /** Of the ids of the checks, as `makeCredential`; of the faults in kebab-case. */
  readonly name: string;
  readonly command: number;
  readonly section: string;
  readonly table: Message<T>;
  /** A request that the key takes. */
  readonly parameters: (key: Subject) => Promise<CborMap>;
  readonly needs?: Needs;
  /** Members that are looked at; default: all. */
  readonly members?: readonly string[];
  /** Members that the command at hand owes, beside those that the table requires. */
  readonly required?: readonly string[];
}

/**
 * For each member that is required a request without it (CTAP2_ERR_MISSING_PARAMETER), for each member one with `true` in
 * its place (CTAP2_ERR_CBOR_UNEXPECTED_TYPE): CTAP 2.3 §8.2.
 */
export function parameterChecks<T>(options: ParameterChecksOptions<T>): Check[] {
  const { name, command, section, table, parameters, needs = {}, members, required = [] } = options;
  const chosen = table.members.filter((member) => members?.includes(member.name) ?? true);
  const prefix = kebab(name);
  return chosen.flatMap((member): Check[] => {
    const isRequired = !member.optional || required.includes(member.name);
    const missing: Check = {
      id: `${name}.${member.name}.missing`,
      section,
      statement: `A request without ${member.name} is refused as one with a parameter missing.`,
      needs,
      faults: [`${prefix}-accepts-missing-${kebab(member.name)}`],
      async run(key) {
        const request = withMember(await parameters(key), member.key, undefined);
        expectStatus(await key.request(command, request), 'CTAP2_ERR_MISSING_PARAMETER');
      },
    };
    const wrong: Check = {
      id: `${name}.${member.name}.wrongType`,
      section: 'CTAP 2.3 §8.2',
      statement: `A request with a boolean for ${member.name} is refused as one of unexpected type.`,
      needs,
      faults: [`${prefix}-accepts-wrong-${kebab(member.name)}`],
      async run(key) {
        const request = withMember(await parameters(key), member.key, true);
        expectStatus(await key.request(command, request), 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
      },
    };
    return isRequired ? [missing, wrong] : [wrong];
  });
}
