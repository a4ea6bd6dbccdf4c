/** authenticatorCredentialManagement: CTAP 2.3 §6.8, one function for each subcommand. */
import { equalBytes } from '../../ctap/bytes.ts';
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import {
  type CredentialManagementParams,
  type CredentialManagementRequest,
  type CredentialManagementResponse,
  credentialManagementAuthMessage,
  credentialManagementParams,
  credentialManagementRequest,
  credentialManagementResponse,
  CredentialManagementSubcommand as Subcommand,
} from '../../ctap/commands/credential-management.ts';
import { PUBLIC_KEY } from '../../ctap/commands/entities.ts';
import { encodeCoseKey } from '../../ctap/cose.ts';
import { THIRD_PARTY_PAYMENT } from '../../ctap/extensions/third-party-payment.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Exchange } from '../exchange.ts';
import type { Authenticator } from './authenticator.ts';
import type { DiscoverableCredential } from './credential-records.ts';
import { requireParam, requireToken, supportedProtocol } from './pin-uv-auth-param.ts';
import type { StatefulCommand } from './stateful.ts';

type Handler = (context: ManagementContext) => Promise<CredentialManagementResponse> | CredentialManagementResponse;

/** Those that go on with an enumeration that a token has begun. */
const continuations: ReadonlySet<number> = new Set([
  Subcommand.enumerateRPsGetNextRP,
  Subcommand.enumerateCredentialsGetNextCredential,
]);

const subcommands = new Map<number, Handler>([
  [Subcommand.getCredsMetadata, getCredsMetadata],
  [Subcommand.enumerateRPsBegin, enumerateRPsBegin],
  [Subcommand.enumerateRPsGetNextRP, enumerateNext],
  [Subcommand.enumerateCredentialsBegin, enumerateCredentialsBegin],
  [Subcommand.enumerateCredentialsGetNextCredential, enumerateNext],
  [Subcommand.deleteCredential, deleteCredential],
  [Subcommand.updateUserInformation, updateUserInformation],
]);

export async function credentialManagement(
  authenticator: Authenticator,
  value: CborValue,
  _: Exchange,
  command: number,
): Promise<CborMap | undefined> {
  const request = credentialManagementRequest.decode(value, 'authenticatorCredentialManagement');
  const handler = subcommands.get(request.subCommand);
  if (!handler) {
    const detail = `authenticatorCredentialManagement has no subcommand ${request.subCommand}`;
    throw new CtapError('CTAP2_ERR_INVALID_SUBCOMMAND', detail);
  }
  if (authenticator.enumeration?.subcommand !== request.subCommand) authenticator.enumeration = undefined;
  if (!continuations.has(request.subCommand)) requireParam(request);
  const response = credentialManagementResponse.encode(await handler({ authenticator, request, command }));
  return response.size > 0 ? response : undefined;
}

interface ManagementContext {
  readonly authenticator: Authenticator;
  readonly request: CredentialManagementRequest;
  /** The command byte: the prototype twin takes older tokens. */
  readonly command: number;
}

/**
 * Reading alone, which the persistent token may do too (§6.8.2 to §6.8.4).
 * @returns the token that an enumeration ends with; the persistent one never ends
 */
function authorizeReading(context: ManagementContext, rpIdHash?: Uint8Array): StatefulCommand['token'] {
  const { authenticator, request } = context;
  const { pinUvAuthParam, pinUvAuthProtocol } = request;
  if (pinUvAuthParam && pinUvAuthProtocol !== undefined) {
    const protocol = supportedProtocol(authenticator, pinUvAuthProtocol);
    if (authenticator.persistentToken.verify(protocol, authMessage(request), pinUvAuthParam)) return undefined;
  }
  authorize(context, rpIdHash);
  return authenticator.token.inUse;
}

/** Checks the token over subcommand and parameters. `rpIdHash` undefined: the token must not be bound to an RP ID. */
function authorize({ authenticator, request, command }: ManagementContext, rpIdHash?: Uint8Array): void {
  const { token, credentials } = authenticator;
  const bound = token.rpId;
  requireToken(authenticator, request, authMessage(request), Permission.credentialManagement, command);
  if (bound === undefined || (rpIdHash !== undefined && equalBytes(credentials.rpIdHash(bound), rpIdHash))) return;
  throw new CtapError('CTAP2_ERR_PIN_AUTH_INVALID', `the token is bound to "${bound}"`);
}

function authMessage({ subCommand, subCommandParams }: CredentialManagementRequest): Uint8Array {
  return credentialManagementAuthMessage(subCommand, subCommandParams);
}

function readParams(request: CredentialManagementRequest): CredentialManagementParams {
  return request.subCommandParams
    ? credentialManagementParams.decode(request.subCommandParams, 'authenticatorCredentialManagement.subCommandParams')
    : {};
}

function need<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new CtapError('CTAP2_ERR_MISSING_PARAMETER', `subCommandParams.${name} is missing`);
  return value;
}

function getCredsMetadata(context: ManagementContext): CredentialManagementResponse {
  const { authenticator } = context;
  authorizeReading(context);
  const existing = authenticator.credentials.count;
  return {
    existingResidentCredentialsCount: existing,
    maxPossibleRemainingResidentCredentialsCount: Math.max(
      0,
      authenticator.model.maxDiscoverableCredentials - existing,
    ),
  };
}

/** Begins an enumeration: the first answer now, the others by the subcommand `next`. */
function begin(
  authenticator: Authenticator,
  next: number,
  answers: readonly CredentialManagementResponse[],
  total: CredentialManagementResponse,
  token: StatefulCommand['token'],
): CredentialManagementResponse {
  const [first, ...rest] = answers;
  if (!first) throw new CtapError('CTAP2_ERR_NO_CREDENTIALS');
  const since = authenticator.environment.clock.now();
  authenticator.enumeration = { subcommand: next, answers: rest.values(), token, since };
  return { ...first, ...total };
}

function enumerateNext({ authenticator }: ManagementContext): CredentialManagementResponse {
  const { enumeration } = authenticator;
  const next = enumeration && authenticator.mayContinue(enumeration) ? enumeration.answers.next() : undefined;
  if (!enumeration || !next || next.done) {
    authenticator.enumeration = undefined;
    throw new CtapError('CTAP2_ERR_NOT_ALLOWED', 'there is nothing further to enumerate');
  }
  enumeration.since = authenticator.environment.clock.now();
  return next.value;
}

function enumerateRPsBegin(context: ManagementContext): CredentialManagementResponse {
  const { authenticator } = context;
  const token = authorizeReading(context);
  const { credentials } = authenticator;
  const answers = Array.from(credentials.onePerRp(), ({ rp }) => ({ rp, rpIDHash: credentials.rpIdHash(rp.id) }));
  return begin(authenticator, Subcommand.enumerateRPsGetNextRP, answers, { totalRPs: answers.length }, token);
}

function describe(authenticator: Authenticator, credential: DiscoverableCredential): CredentialManagementResponse {
  return {
    user: credential.user,
    credentialId: { type: PUBLIC_KEY, id: credential.id },
    publicKey: encodeCoseKey(credential),
    credProtect: credential.credProtect,
    largeBlobKey: credential.largeBlobKey,
    thirdPartyPayment: authenticator.hasExtension(THIRD_PARTY_PAYMENT)
      ? (credential.thirdPartyPayment ?? false)
      : undefined,
  };
}

function enumerateCredentialsBegin(context: ManagementContext): CredentialManagementResponse {
  const { authenticator, request } = context;
  const rpIdHash = need(readParams(request).rpIDHash, 'rpIDHash');
  const token = authorizeReading(context, rpIdHash);
  const found = authenticator.credentials.list(rpIdHash);
  const answers = found.map(({ discoverable }) => describe(authenticator, discoverable!));
  const next = Subcommand.enumerateCredentialsGetNextCredential;
  return begin(authenticator, next, answers, { totalCredentials: answers.length }, token);
}

/** The discoverable credential of that id, after the token was checked against its RP. */
function authorizedCredential(context: ManagementContext, id: Uint8Array): DiscoverableCredential {
  const { credentials } = context.authenticator;
  const credential = credentials.findDiscoverable(id);
  authorize(context, credential && credentials.rpIdHash(credential.rp.id));
  if (!credential) throw new CtapError('CTAP2_ERR_NO_CREDENTIALS');
  return credential;
}

async function deleteCredential(context: ManagementContext): Promise<CredentialManagementResponse> {
  const { blobs, credentials, environment } = context.authenticator;
  const { id } = need(readParams(context.request).credentialId, 'credentialId');
  const credential = authorizedCredential(context, id);
  const removal = [credentials.remove(credential), ...blobs.removal(credential)];
  await environment.store.commit([credentials.nextSequence().change, ...removal]);
  return {};
}

async function updateUserInformation(context: ManagementContext): Promise<CredentialManagementResponse> {
  const { credentials, environment } = context.authenticator;
  const params = readParams(context.request);
  const { id } = need(params.credentialId, 'credentialId');
  const user = need(params.user, 'user');
  const credential = authorizedCredential(context, id);
  if (Buffer.compare(credential.user.id, user.id) !== 0) {
    throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', "user.id is not the credential's: it cannot change");
  }
  // an empty or missing name removes the one that was there (§6.8.6)
  const updated = { id: user.id, name: user.name || undefined, displayName: user.displayName || undefined };
  const change = credentials.put({ ...credential, user: updated });
  await environment.store.commit([credentials.nextSequence().change, change]);
  return {};
}
