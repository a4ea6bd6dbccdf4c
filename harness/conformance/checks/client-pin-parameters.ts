/** authenticatorClientPIN: what each subcommand owes (CTAP 2.3 §6.5.5). */
import type { CborMap } from '../../../ctap/cbor.ts';
import { ClientPinSubcommand, clientPinRequest } from '../../../ctap/commands/client-pin.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { kebab } from '../../../emulator/faults/parameters.ts';
import { withMember } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expectStatus } from '../expect.ts';
import {
  changePinParameters,
  NEW_PIN,
  setPinParameters,
  type TokenSubcommand,
  tokenParameters,
  unlessCtap21,
} from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';
import { parameterChecks } from './parameters.ts';

const command = Command.authenticatorClientPIN;

interface Subcommand {
  readonly name: keyof typeof ClientPinSubcommand;
  readonly section: string;
  readonly owes: readonly string[];
  readonly may?: readonly string[];
  readonly needs: Needs;
  readonly parameters: (key: Subject) => Promise<CborMap>;
}

const token = (subcommand: TokenSubcommand) => async (key: Subject) =>
  (await tokenParameters(key, subcommand)).parameters;

const CHANNEL = ['pinUvAuthProtocol', 'keyAgreement'];
const subcommands: readonly Subcommand[] = [
  {
    name: 'getKeyAgreement',
    section: 'CTAP 2.3 §6.5.5.4',
    owes: ['pinUvAuthProtocol'],
    needs: { options: ['clientPin'] },
    parameters: async (key) =>
      clientPinRequest.encode({
        pinUvAuthProtocol: (await key.pin.protocol()).version,
        subCommand: ClientPinSubcommand.getKeyAgreement,
      }),
  },
  {
    name: 'setPIN',
    section: 'CTAP 2.3 §6.5.5.5',
    owes: [...CHANNEL, 'newPinEnc', 'pinUvAuthParam'],
    needs: { options: ['clientPin'], pin: false },
    parameters: (key) => setPinParameters(key, NEW_PIN),
  },
  {
    name: 'changePIN',
    section: 'CTAP 2.3 §6.5.5.6',
    owes: [...CHANNEL, 'pinHashEnc', 'newPinEnc', 'pinUvAuthParam'],
    needs: { pin: true },
    parameters: (key) => changePinParameters(key, NEW_PIN),
  },
  {
    name: 'getPinToken',
    section: 'CTAP 2.3 §6.5.5.7.1',
    owes: [...CHANNEL, 'pinHashEnc'],
    needs: { pin: true },
    parameters: token('getPinToken'),
  },
  {
    name: 'getPinUvAuthTokenUsingPinWithPermissions',
    section: 'CTAP 2.3 §6.5.5.7.2',
    owes: [...CHANNEL, 'pinHashEnc', 'permissions'],
    may: ['rpId'],
    needs: { pin: true, options: ['pinUvAuthToken'] },
    parameters: token('getPinUvAuthTokenUsingPinWithPermissions'),
  },
  {
    name: 'getPinUvAuthTokenUsingUvWithPermissions',
    section: 'CTAP 2.3 §6.5.5.7.3',
    owes: [...CHANNEL, 'permissions'],
    may: ['rpId'],
    needs: { finger: true, options: ['pinUvAuthToken'] },
    parameters: token('getPinUvAuthTokenUsingUvWithPermissions'),
  },
];

/** A protocol that no key has: 1 and 2 are all there are. */
const UNKNOWN_PROTOCOL = 9;

function unsupportedProtocol({ name, section, needs, parameters }: Subcommand): Check {
  return {
    id: `clientPin.${name}.pinUvAuthProtocol.unsupported`,
    section,
    statement: `${name} by a PIN/UV auth protocol that the key lacks is refused as an invalid parameter.`,
    needs,
    faults: [`client-pin-${kebab(name)}-accepts-unknown-protocol`],
    async run(key) {
      const request = withMember(await parameters(key), 0x01, UNKNOWN_PROTOCOL);
      expectStatus(await key.request(command, request), 'CTAP1_ERR_INVALID_PARAMETER');
    },
  };
}

/** X and Y of no point of P-256, for no y fits x = 2^256 - 1. */
function offCurve(keyAgreement: CborMap): CborMap {
  return new Map([...keyAgreement, [-2, new Uint8Array(32).fill(0xff)] as const]);
}

function pointOffCurve({ name, section, needs, parameters }: Subcommand): Check {
  return {
    id: `clientPin.${name}.keyAgreement.offCurve`,
    section: `${section}, §6.5.6`,
    statement: `${name} with a key agreement key that is no point of P-256 is refused as an invalid parameter.`,
    needs,
    faults: [`client-pin-${kebab(name)}-accepts-point-off-curve`],
    async run(key) {
      const request = await parameters(key);
      const bad = withMember(request, 0x03, offCurve(request.get(0x03) as CborMap));
      expectStatus(await key.request(command, bad), 'CTAP1_ERR_INVALID_PARAMETER');
    },
  };
}

export const clientPinParameterChecks: CheckGroup = {
  name: 'authenticatorClientPIN',
  checks: [
    ...parameterChecks({
      name: 'clientPin',
      command,
      section: 'CTAP 2.3 §6.5.5',
      table: clientPinRequest,
      members: ['subCommand'],
      needs: { options: ['clientPin'] },
      parameters: async () =>
        clientPinRequest.encode({ pinUvAuthProtocol: 1, subCommand: ClientPinSubcommand.getPINRetries }),
    }),
    {
      id: 'clientPin.subCommand.unknown',
      section: 'CTAP 2.3 §6.5.5',
      statement: 'A subcommand that does not exist is refused as an invalid subcommand.',
      needs: { options: ['clientPin'], unless: unlessCtap21 },
      faults: ['client-pin-accepts-unknown-sub-command'],
      async run(key) {
        const answer = await key.request(command, clientPinRequest.encode({ pinUvAuthProtocol: 1, subCommand: 0x3f }));
        expectStatus(answer, 'CTAP2_ERR_INVALID_SUBCOMMAND');
      },
    },
    ...subcommands.flatMap((subcommand) => {
      const { name, section, needs, parameters, owes, may = [] } = subcommand;
      return parameterChecks({
        name: `clientPin.${name}`,
        command,
        section,
        table: clientPinRequest,
        members: [...owes, ...may],
        required: owes,
        needs,
        parameters,
      });
    }),
    ...subcommands.map(unsupportedProtocol),
    ...subcommands.filter(({ owes }) => owes.includes('keyAgreement')).map(pointOffCurve),
  ],
};
