/** Faults of authenticatorClientPIN: keys that are careless about what its subcommands owe. */
import type { CborMap } from '../../ctap/cbor.ts';
import { ClientPinSubcommand, clientPinRequest } from '../../ctap/commands/client-pin.ts';
import { Command } from '../../ctap/commands/index.ts';
import { decodeCoseKey } from '../../ctap/cose.ts';
import { CtapError } from '../../ctap/status.ts';
import { acceptsFault, type SeenRequest } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';
import { kebab, parameterFaults } from './parameters.ts';

const command = Command.authenticatorClientPIN;
const PROTOCOL = 0x01;
const SUBCOMMAND = 0x02;
const KEY_AGREEMENT = 0x03;

const CHANNEL = ['pinUvAuthProtocol', 'keyAgreement'];
/** What each subcommand owes, and what else it may have. */
const subcommands: readonly {
  readonly name: keyof typeof ClientPinSubcommand;
  readonly owes: readonly string[];
  readonly may?: readonly string[];
}[] = [
  { name: 'getKeyAgreement', owes: ['pinUvAuthProtocol'] },
  { name: 'setPIN', owes: [...CHANNEL, 'newPinEnc', 'pinUvAuthParam'] },
  { name: 'changePIN', owes: [...CHANNEL, 'pinHashEnc', 'newPinEnc', 'pinUvAuthParam'] },
  { name: 'getPinToken', owes: [...CHANNEL, 'pinHashEnc'] },
  {
    name: 'getPinUvAuthTokenUsingPinWithPermissions',
    owes: [...CHANNEL, 'pinHashEnc', 'permissions'],
    may: ['rpId'],
  },
  { name: 'getPinUvAuthTokenUsingUvWithPermissions', owes: [...CHANNEL, 'permissions'], may: ['rpId'] },
];

/** True where the request names a PIN/UV auth protocol that there is. */
function byKnownProtocol({ parameters }: SeenRequest): boolean {
  const protocol = parameters.get(PROTOCOL);
  return protocol === 1 || protocol === 2;
}

/** True for a well-formed key that is no point of P-256. */
function isOffCurve({ crypto, random }: FaultContext, keyAgreement: CborMap): boolean {
  try {
    const { publicKey } = decodeCoseKey(keyAgreement);
    crypto.ecdh(crypto.generateEcdhKeyPair((length) => random.bytes(length)).privateKey, publicKey);
    return false;
  } catch (error) {
    if (error instanceof RangeError) return true;
    if (error instanceof CtapError) return false;
    throw error;
  }
}

export const clientPinParameterFaults: readonly Fault[] = [
  ...parameterFaults({ name: 'client-pin', command, table: clientPinRequest, members: ['subCommand'] }),
  acceptsFault({
    id: 'client-pin-accepts-unknown-sub-command',
    summary: 'takes subcommands of authenticatorClientPIN that do not exist',
    commands: [command],
    refusal: 'CTAP2_ERR_INVALID_SUBCOMMAND',
  }),
  ...subcommands.flatMap(({ name, owes, may = [] }) =>
    parameterFaults({
      name: `client-pin-${kebab(name)}`,
      command,
      table: clientPinRequest,
      members: [...owes, ...may],
      required: owes,
      subCommand: [SUBCOMMAND, ClientPinSubcommand[name]],
    }),
  ),
  ...subcommands.map(({ name }) =>
    acceptsFault({
      id: `client-pin-${kebab(name)}-accepts-unknown-protocol`,
      summary: `takes ${name} by a PIN/UV auth protocol that there is not`,
      commands: [command],
      refusal: 'CTAP1_ERR_INVALID_PARAMETER',
      when: (request) =>
        request.parameters.get(SUBCOMMAND) === ClientPinSubcommand[name] &&
        typeof request.parameters.get(PROTOCOL) === 'number' &&
        !byKnownProtocol(request),
    }),
  ),
  ...subcommands
    .filter(({ owes }) => owes.includes('keyAgreement'))
    .map(({ name }) =>
      acceptsFault({
        id: `client-pin-${kebab(name)}-accepts-point-off-curve`,
        summary: `takes ${name} with a key agreement key that is no point of P-256`,
        commands: [command],
        refusal: 'CTAP1_ERR_INVALID_PARAMETER',
        when: (request) =>
          request.parameters.get(SUBCOMMAND) === ClientPinSubcommand[name] &&
          byKnownProtocol(request) &&
          request.parameters.get(KEY_AGREEMENT) instanceof Map,
        given: (context, { parameters }) => isOffCurve(context, parameters.get(KEY_AGREEMENT) as CborMap),
      }),
    ),
];
