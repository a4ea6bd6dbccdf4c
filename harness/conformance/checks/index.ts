/** All checks, by what they judge. */
import type { CheckGroup } from '../check.ts';
import { getInfoChecks } from './get-info.ts';
import { hidChecks } from './hid.ts';
import { makeCredentialChecks } from './make-credential.ts';
import { makeCredentialCborChecks } from './make-credential-cbor.ts';
import { makeCredentialEntityChecks } from './make-credential-entities.ts';

export const checkGroups: readonly CheckGroup[] = [
  hidChecks,
  getInfoChecks,
  makeCredentialChecks,
  makeCredentialCborChecks,
  makeCredentialEntityChecks,
];
