/** Faults of keys that give the persistentPinUvAuthToken wrongly, and of what it decrypts. */
import { encodeCbor } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { Status } from '../../ctap/status.ts';
import { acceptsFault, mapOf } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';
import { ofSubcommand } from './pin-channel.ts';
import { tokenFault } from './token-faults.ts';

const PIN = Command.authenticatorClientPIN;
const PCMR = Permission.persistentCredentialManagementReadOnly;
const PERMISSIONS = 0x09;
/** Members of getInfo: an initialization vector and a block. */
const ENC_IDENTIFIER = 0x19;
const ENC_CRED_STORE_STATE = 0x1e;
const SECRET_LENGTH = 32;

const byPin = ofSubcommand('getPinUvAuthTokenUsingPinWithPermissions');

/** Says other bytes for a member of getInfo that it has. */
function tells(
  id: string,
  summary: string,
  member: number,
  bytesFor: (context: FaultContext) => Uint8Array | undefined,
): Fault {
  return {
    id,
    summary,
    commands: [Command.authenticatorGetInfo],
    install: (context) => ({
      cbor: async (bytes, next) => {
        const answer = await next(bytes);
        const info = mapOf(answer.subarray(1));
        const other = bytesFor(context);
        if (!info.has(member) || other === undefined) return answer;
        return Uint8Array.of(Status.CTAP2_OK, ...encodeCbor(info.set(member, other)));
      },
    }),
  };
}

export const persistentTokenSecretFaults: readonly Fault[] = [
  acceptsFault({
    id: 'pin-gives-pcmr-with-others',
    summary: 'says yes to a PIN that asks for pcmr together with another permission',
    commands: [PIN],
    refusal: 'CTAP2_ERR_UNAUTHORIZED_PERMISSION',
    when: (request) => byPin(request) && (Number(request.parameters.get(PERMISSIONS)) & PCMR) !== 0,
  }),
  tokenFault({
    id: 'force-change-pin-leaves-persistent-token',
    summary: 'takes a persistent token that a PIN gave which has to be changed since',
    commands: [Command.authenticatorCredentialManagement],
    when: ({ token, length }) =>
      token?.persistent === true && length === 'whole' && token.endedBy === 'setMinPINLength',
  }),
  tells(
    'get-info-identifier-of-no-token',
    'says an encIdentifier that the persistent token does not decrypt',
    ENC_IDENTIFIER,
    ({ random }) => random.bytes(SECRET_LENGTH),
  ),
  tells(
    'get-info-state-of-no-token',
    'says an encCredStoreState that the persistent token does not decrypt',
    ENC_CRED_STORE_STATE,
    ({ random }) => random.bytes(SECRET_LENGTH),
  ),
  tells(
    'get-info-state-stays-the-same',
    'says an encCredStoreState of the same state whatever credentials there are',
    ENC_CRED_STORE_STATE,
    ({ authenticator }) => authenticator.persistentToken.seal('encCredStoreState', () => new Uint8Array(16)),
  ),
];
