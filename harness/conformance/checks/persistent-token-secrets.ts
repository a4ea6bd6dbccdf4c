/** Who gets the persistentPinUvAuthToken, and what getInfo tells its holder alone: CTAP 2.3 §6.4, §6.5.5.7.2, §6.11.4. */
import { equalBytes, utf8 } from '../../../ctap/bytes.ts';
import { CredentialManagementSubcommand as Subcommand } from '../../../ctap/commands/credential-management.ts';
import type { GetInfoResponse } from '../../../ctap/commands/get-info.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { ConfigClient } from '../../client/config.ts';
import type { Check, Needs } from '../check.ts';
import { expect, expectStatus } from '../expect.ts';
import { Management, passkey, RP_A, user } from '../passkey-ceremony.ts';
import { sealedToken, tokenParameters } from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';
import { PIN_AUTH_INVALID } from '../token-ceremony.ts';

const PCMR = Permission.persistentCredentialManagementReadOnly;
const BY_PIN = 'getPinUvAuthTokenUsingPinWithPermissions';

const unlessReadOnly = ({ options }: GetInfoResponse) =>
  options?.perCredMgmtRO === true ? undefined : 'perCredMgmtRO is not true';
const needs: Needs = { pin: true, options: ['pinUvAuthToken', 'perCredMgmtRO', 'credMgmt'], unless: unlessReadOnly };
const withPasskey: Needs = { ...needs, options: [...needs.options!, 'rk'], touches: 1 };

const given: readonly Check[] = [
  {
    id: 'persistentToken.alone',
    section: 'CTAP 2.3 §6.5.5.7.2',
    statement: 'The permission pcmr is not to be had together with another.',
    needs,
    faults: ['pin-gives-pcmr-with-others'],
    async run(key) {
      const given = { permissions: PCMR | Permission.credentialManagement, rpId: undefined };
      const { parameters } = await tokenParameters(key, BY_PIN, { given });
      const answer = await key.request(Command.authenticatorClientPIN, parameters);
      expectStatus(answer, 'CTAP2_ERR_UNAUTHORIZED_PERMISSION');
    },
  },
  {
    id: 'persistentToken.forceChangePin',
    section: 'CTAP 2.3 §6.11.4',
    statement: 'A PIN that has to be changed makes the persistent token void.',
    needs: { ...needs, options: [...needs.options!, 'authnrCfg', 'setMinPINLength'], spoils: true },
    faults: ['force-change-pin-leaves-persistent-token'],
    async run(key) {
      const management = await Management.open(key, undefined, { permissions: PCMR });
      const token = await key.token(Permission.authenticatorConfiguration);
      await new ConfigClient(key.ctap2, token).forcePINChange();
      expectStatus(await management.request(Subcommand.getCredsMetadata), PIN_AUTH_INVALID);
    },
  },
];

async function persistentBytes(key: Subject): Promise<Uint8Array> {
  return (await sealedToken(key, BY_PIN, { given: { permissions: PCMR, rpId: undefined } })).token;
}

type SecretMember = 'encIdentifier' | 'encCredStoreState';

/** Reads what only the holder of the token can: 16 bytes under a key that follows from it (§6.4). */
async function opened(key: Subject, token: Uint8Array, member: SecretMember): Promise<Uint8Array> {
  const { [member]: value } = await key.ctap2.getInfo();
  expect(value?.length === 32, `${member} of 32 bytes`, value ?? 'none');
  const { crypto } = key.bench;
  const secret = crypto.hkdfSha256(token, new Uint8Array(32), utf8(member), 16);
  return crypto.aesCbcDecrypt(secret, value.subarray(0, 16), value.subarray(16));
}

function needingMember(member: SecretMember, more: Needs = needs): Needs {
  return { ...more, unless: (info) => (info[member] ? unlessReadOnly(info) : `getInfo has no ${member}`) };
}

const secrets: readonly Check[] = [
  ...(['encIdentifier', 'encCredStoreState'] as const).map(
    (member): Check => ({
      id: `persistentToken.${member}`,
      section: 'CTAP 2.3 §6.4',
      statement: `${member} decrypts by the persistent token to the same bytes each time.`,
      needs: needingMember(member),
      faults: [`get-info-${member === 'encIdentifier' ? 'identifier' : 'state'}-of-no-token`],
      async run(key) {
        const token = await persistentBytes(key);
        const first = await opened(key, token, member);
        expect(equalBytes(await opened(key, token, member), first), `the same ${member}`);
      },
    }),
  ),
  {
    id: 'persistentToken.encCredStoreState.changes',
    section: 'CTAP 2.3 §6.4',
    statement: 'encCredStoreState is another one after a discoverable credential has been made.',
    needs: needingMember('encCredStoreState', withPasskey),
    faults: ['get-info-state-stays-the-same'],
    async run(key) {
      const token = await persistentBytes(key);
      const before = await opened(key, token, 'encCredStoreState');
      await passkey(key, RP_A, { user: user(`${Date.now()}`) });
      expect(!equalBytes(await opened(key, token, 'encCredStoreState'), before), 'another encCredStoreState');
    },
  },
];

export const persistentTokenSecretChecks: readonly Check[] = [...given, ...secrets];
