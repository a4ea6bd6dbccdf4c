/** All checks, by what they judge. */
import type { CheckGroup } from '../check.ts';
import { algorithmChecks } from './algorithms.ts';
import { getInfoChecks } from './get-info.ts';
import { hidChecks } from './hid.ts';
import { makeCredentialChecks } from './make-credential.ts';
import { makeCredentialCborChecks } from './make-credential-cbor.ts';
import { makeCredentialEntityChecks } from './make-credential-entities.ts';
import { makeCredentialOptionChecks } from './make-credential-options.ts';
import { pinAndManagementChecks } from './pin-and-management.ts';
import { userPresenceChecks } from './user-presence.ts';

export const checkGroups: readonly CheckGroup[] = [
  hidChecks,
  getInfoChecks,
  makeCredentialChecks,
  makeCredentialCborChecks,
  makeCredentialEntityChecks,
  userPresenceChecks,
  makeCredentialOptionChecks,
  algorithmChecks,
  ...pinAndManagementChecks,
];
