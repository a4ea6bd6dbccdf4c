/** All checks, by what they judge. */
import type { CheckGroup } from '../check.ts';
import { getInfoChecks } from './get-info.ts';
import { hidChecks } from './hid.ts';
import { makeCredentialChecks } from './make-credential.ts';

export const checkGroups: readonly CheckGroup[] = [hidChecks, getInfoChecks, makeCredentialChecks];
