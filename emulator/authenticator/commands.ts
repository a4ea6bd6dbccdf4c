/** The authenticator's commands: from request bytes to answer bytes. */
import { type CborMap, type CborValue, decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import type { AuthenticatorOption } from '../../ctap/commands/get-info.ts';
import { Command, commandName } from '../../ctap/commands/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Exchange } from '../exchange.ts';
import type { Authenticator } from './authenticator.ts';
import { authenticatorConfig } from './authenticator-config.ts';
import { bioEnrollment } from './bio-enrollment.ts';
import { clientPin } from './client-pin.ts';
import { credentialManagement } from './credential-management.ts';
import { getAssertion, getNextAssertion } from './get-assertion.ts';
import { getInfo } from './get-info.ts';
import { largeBlobs } from './large-blobs.ts';
import { makeCredential } from './make-credential.ts';
import { reset } from './reset.ts';
import { selection } from './selection.ts';

/** A handler gets the decoded parameters and answers with the CBOR map of its response, or nothing. */
type Handler = (
  authenticator: Authenticator,
  parameters: CborValue,
  exchange: Exchange,
  command: number,
) => Promise<CborMap | undefined> | CborMap | undefined;

interface CommandEntry {
  readonly handler: Handler;
  readonly hasParameters: boolean;
  /** Versions of the specification one of which a model must name to know the command. */
  readonly versions?: readonly string[];
  /** The option that brings the command. */
  readonly option?: AuthenticatorOption;
}

const credentialManagementCommands: ReadonlySet<number> = new Set([
  Command.authenticatorCredentialManagement,
  Command.prototypeAuthenticatorCredentialManagement,
]);

const commands = new Map<number, CommandEntry>([
  [Command.authenticatorMakeCredential, { handler: makeCredential, hasParameters: true }],
  [Command.authenticatorGetAssertion, { handler: getAssertion, hasParameters: true }],
  [Command.authenticatorGetNextAssertion, { handler: getNextAssertion, hasParameters: false }],
  [Command.authenticatorGetInfo, { handler: getInfo, hasParameters: false }],
  [Command.authenticatorClientPIN, { handler: clientPin, hasParameters: true }],
  [
    Command.authenticatorCredentialManagement,
    { handler: credentialManagement, hasParameters: true, option: 'credMgmt' },
  ],
  [
    Command.prototypeAuthenticatorCredentialManagement,
    { handler: credentialManagement, hasParameters: true, versions: ['FIDO_2_1_PRE'] },
  ],
  [Command.authenticatorReset, { handler: reset, hasParameters: false }],
  [Command.authenticatorBioEnrollment, { handler: bioEnrollment, hasParameters: true, option: 'bioEnroll' }],
  [
    Command.prototypeAuthenticatorBioEnrollment,
    { handler: bioEnrollment, hasParameters: true, option: 'userVerificationMgmtPreview' },
  ],
  [Command.authenticatorConfig, { handler: authenticatorConfig, hasParameters: true, option: 'authnrCfg' }],
  [Command.authenticatorLargeBlobs, { handler: largeBlobs, hasParameters: true, option: 'largeBlobs' }],
  [Command.authenticatorSelection, { handler: selection, hasParameters: false, versions: ['FIDO_2_1', 'FIDO_2_3'] }],
]);

/**
 * Answers one request: command byte and parameters in, response map out.
 * @throws CtapError with the status to answer; whatever else is a defect
 */
export function handleCommand(
  authenticator: Authenticator,
  request: Uint8Array,
  exchange: Exchange,
): Promise<CborMap | undefined> | CborMap | undefined {
  const { maxMsgSize } = authenticator;
  if (request.length > maxMsgSize) {
    throw new CtapError('CTAP2_ERR_REQUEST_TOO_LARGE', `expected at most ${maxMsgSize} bytes, got ${request.length}`);
  }
  const [command] = request;
  if (command === undefined) throw new CtapError('CTAP1_ERR_INVALID_LENGTH', 'expected a command byte, got nothing');
  const entry = commands.get(command);
  if (!entry || !knows(authenticator, entry)) throw new CtapError('CTAP1_ERR_INVALID_COMMAND', commandName(command));
  endStateOfOthers(authenticator, command);
  if (entry.hasParameters) return entry.handler(authenticator, decodeCbor(request.subarray(1)), exchange, command);
  if (request.length > 1) {
    throw new CtapError(
      'CTAP1_ERR_INVALID_LENGTH',
      `${commandName(command)} has no parameters, got ${request.length - 1} bytes`,
    );
  }
  return entry.handler(authenticator, null, exchange, command);
}

function knows(authenticator: Authenticator, { versions, option }: CommandEntry): boolean {
  if (versions && !versions.some((version) => authenticator.model.versions.includes(version))) return false;
  return option === undefined || authenticator.supports(option);
}

/** §6: the state of a stateful command ends with any other command. */
function endStateOfOthers(authenticator: Authenticator, command: number): void {
  if (command !== Command.authenticatorGetNextAssertion) authenticator.remembered = undefined;
  if (!credentialManagementCommands.has(command)) authenticator.enumeration = undefined;
  if (command !== Command.authenticatorLargeBlobs) authenticator.largeBlobs.pending = undefined;
}

/** The answer's bytes: status CTAP2_OK, then the map if there is one. */
export function successBytes(response: CborMap | undefined): Uint8Array {
  if (!response) return Uint8Array.of(0);
  const body = encodeCbor(response);
  const bytes = new Uint8Array(1 + body.length);
  bytes.set(body, 1);
  return bytes;
}
