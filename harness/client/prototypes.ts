/** The commands that FIDO_2_1_PRE had under other command bytes: which one a key has (CTAP 2.3 §6.4, options). */
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';

type Info = Pick<GetInfoResponse, 'options'>;

/** The command byte of credential management; undefined where the key has none. */
export function credentialManagementCommand({ options }: Info): number | undefined {
  const prototype = options?.credentialMgmtPreview === true;
  if (options?.credMgmt === true && !(prototype && isWithoutPermissions(options))) {
    return Command.authenticatorCredentialManagement;
  }
  return prototype ? Command.prototypeAuthenticatorCredentialManagement : undefined;
}

/** The command byte of fingerprint enrolment; undefined where the key has none. The options tell whether a finger is enrolled. */
export function bioEnrollmentCommand({ options }: Info): number | undefined {
  const prototype = options?.userVerificationMgmtPreview !== undefined;
  if (options?.bioEnroll !== undefined && !(prototype && isWithoutPermissions(options))) {
    return Command.authenticatorBioEnrollment;
  }
  return prototype ? Command.prototypeAuthenticatorBioEnrollment : undefined;
}

/** Without pinUvAuthToken there is only the older token, and that is for the prototypes. */
function isWithoutPermissions(options: Info['options']): boolean {
  return options?.pinUvAuthToken !== true;
}

/**
 * True where the permissions are for a command that the key has as a prototype alone. It must refuse them then, for
 * they go with the options of the later command (§6.5.5.7); the prototype takes the token that came before permissions.
 */
export function areForPrototype(permissions: number, info: Info): boolean {
  return (
    ((permissions & Permission.credentialManagement) !== 0 &&
      credentialManagementCommand(info) === Command.prototypeAuthenticatorCredentialManagement) ||
    ((permissions & Permission.bioEnrollment) !== 0 &&
      bioEnrollmentCommand(info) === Command.prototypeAuthenticatorBioEnrollment)
  );
}
