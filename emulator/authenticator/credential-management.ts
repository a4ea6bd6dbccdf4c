/** authenticatorCredentialManagement: CTAP 2.3 §6.8, one function for each subcommand. */
import { concat } from '../../ctap/bytes.ts';
import { type CborMap, type CborValue, encodeCbor } from '../../ctap/cbor.ts';
import {
  type CredentialManagementParams,
  type CredentialManagementRequest,
  type CredentialManagementResponse,
  credentialManagementParams,
  credentialManagementRequest,
  credentialManagementResponse,
  CredentialManagementSubcommand as Subcommand,
} from '../../ctap/commands/credential-management.ts';
import { PUBLIC_KEY } from '../../ctap/commands/entities.ts';
import { encodeCoseKey } from '../../ctap/cose.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Authenticator } from './authenticator.ts';
import type { DiscoverableCredential } from './credentials.ts';
import { supportedProtocol } from './pin-uv-auth-param.ts';

/** What an enumeration still has to give; it ends with any other command. */
export interface RememberedEnumeration {
  readonly subcommand: number;
  readonly answers: Iterator<CredentialManagementResponse>;
}

type Handler = (
  authenticator: Authenticator,
  request: CredentialManagementRequest,
) => Promise<CredentialManagementResponse> | CredentialManagementResponse;

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
): Promise<CborMap | undefined> {
  const request = credentialManagementRequest.decode(value, 'authenticatorCredentialManagement');
  const handler = subcommands.get(request.subCommand);
  if (!handler) {
    const detail = `authenticatorCredentialManagement has no subcommand ${request.subCommand}`;
    throw new CtapError('CTAP2_ERR_INVALID_SUBCOMMAND', detail);
  }
  if (authenticator.enumeration?.subcommand !== request.subCommand) authenticator.enumeration = undefined;
  const response = credentialManagementResponse.encode(await handler(authenticator, request));
  return response.size > 0 ? response : undefined;
}

/** Checks the token over subcommand and parameters. `rpId` undefined: the token must not be bound to one. */
function authorize(authenticator: Authenticator, request: CredentialManagementRequest, rpIdHash?: Uint8Array): void {
  const { subCommand, subCommandParams, pinUvAuthParam, pinUvAuthProtocol } = request;
  if (!pinUvAuthParam) throw new CtapError('CTAP2_ERR_PUAT_REQUIRED');
  if (pinUvAuthProtocol === undefined) {
    throw new CtapError('CTAP2_ERR_MISSING_PARAMETER', 'pinUvAuthParam came without pinUvAuthProtocol');
  }
  const protocol = supportedProtocol(authenticator, pinUvAuthProtocol);
  const { token, credentials } = authenticator;
  const message = concat(
    Uint8Array.of(subCommand),
    subCommandParams ? encodeCbor(subCommandParams) : new Uint8Array(0),
  );
  const bound = token.rpId;
  const fits =
    bound === undefined || (rpIdHash !== undefined && Buffer.compare(credentials.rpIdHash(bound), rpIdHash) === 0);
  if (!token.verify(protocol, message, pinUvAuthParam) || !token.has(Permission.credentialManagement) || !fits) {
    throw new CtapError('CTAP2_ERR_PIN_AUTH_INVALID', 'the token does not allow this');
  }
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

function getCredsMetadata(
  authenticator: Authenticator,
  request: CredentialManagementRequest,
): CredentialManagementResponse {
  authorize(authenticator, request);
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
): CredentialManagementResponse {
  const [first, ...rest] = answers;
  if (!first) throw new CtapError('CTAP2_ERR_NO_CREDENTIALS');
  authenticator.enumeration = { subcommand: next, answers: rest.values() };
  return { ...first, ...total };
}

function enumerateNext(authenticator: Authenticator): CredentialManagementResponse {
  const { enumeration } = authenticator;
  const next = enumeration?.answers.next();
  if (!next || next.done) {
    authenticator.enumeration = undefined;
    throw new CtapError('CTAP2_ERR_NOT_ALLOWED', 'there is nothing further to enumerate');
  }
  return next.value;
}

function enumerateRPsBegin(
  authenticator: Authenticator,
  request: CredentialManagementRequest,
): CredentialManagementResponse {
  authorize(authenticator, request);
  const { credentials } = authenticator;
  const rps = new Map([...credentials.all()].map(({ rp }) => [rp.id, rp] as const));
  const answers = [...rps.values()].map((rp) => ({ rp, rpIDHash: credentials.rpIdHash(rp.id) }));
  return begin(authenticator, Subcommand.enumerateRPsGetNextRP, answers, { totalRPs: answers.length });
}

function describe(credential: DiscoverableCredential): CredentialManagementResponse {
  return {
    user: credential.user,
    credentialId: { type: PUBLIC_KEY, id: credential.id },
    publicKey: encodeCoseKey(credential),
    credProtect: credential.credProtect,
  };
}

function enumerateCredentialsBegin(
  authenticator: Authenticator,
  request: CredentialManagementRequest,
): CredentialManagementResponse {
  const rpIdHash = need(readParams(request).rpIDHash, 'rpIDHash');
  authorize(authenticator, request, rpIdHash);
  const answers = authenticator.credentials.list(rpIdHash).map(({ discoverable }) => describe(discoverable!));
  const next = Subcommand.enumerateCredentialsGetNextCredential;
  return begin(authenticator, next, answers, { totalCredentials: answers.length });
}

/** The discoverable credential of that id, after the token was checked against its RP. */
function authorizedCredential(
  authenticator: Authenticator,
  request: CredentialManagementRequest,
  id: Uint8Array,
): DiscoverableCredential {
  const { credentials } = authenticator;
  const wanted = Buffer.from(id);
  const credential = [...credentials.all()].find((candidate) => wanted.equals(candidate.id));
  authorize(authenticator, request, credential && credentials.rpIdHash(credential.rp.id));
  if (!credential) throw new CtapError('CTAP2_ERR_NO_CREDENTIALS');
  return credential;
}

async function deleteCredential(
  authenticator: Authenticator,
  request: CredentialManagementRequest,
): Promise<CredentialManagementResponse> {
  const { id } = need(readParams(request).credentialId, 'credentialId');
  const credential = authorizedCredential(authenticator, request, id);
  await authenticator.environment.store.commit([authenticator.credentials.remove(credential)]);
  return {};
}

async function updateUserInformation(
  authenticator: Authenticator,
  request: CredentialManagementRequest,
): Promise<CredentialManagementResponse> {
  const params = readParams(request);
  const { id } = need(params.credentialId, 'credentialId');
  const user = need(params.user, 'user');
  const credential = authorizedCredential(authenticator, request, id);
  if (Buffer.compare(credential.user.id, user.id) !== 0) {
    throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', "user.id is not the credential's: it cannot change");
  }
  // an empty or missing name removes the one that was there (§6.8.6)
  const updated = { id: user.id, name: user.name || undefined, displayName: user.displayName || undefined };
  await authenticator.environment.store.commit([authenticator.credentials.put({ ...credential, user: updated })]);
  return {};
}
