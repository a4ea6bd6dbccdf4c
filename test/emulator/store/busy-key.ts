/**
 * A key in use, as a process of its own that is there to be killed: a client makes credentials, signs, deletes and
 * enters PINs without end, and tells each answer in a line on standard output as soon as it has it.
 * Arguments: the store's folder.
 */
import { randomInt } from 'node:crypto';
import { writeSync } from 'node:fs';
import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import { toHex } from '../../../ctap/bytes.ts';
import { ClientPinSubcommand } from '../../../ctap/commands/client-pin.ts';
import {
  CredentialManagementSubcommand,
  credentialManagementAuthMessage,
  credentialManagementParams,
  credentialManagementRequest,
} from '../../../ctap/commands/credential-management.ts';
import { PUBLIC_KEY } from '../../../ctap/commands/entities.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { openLmdbStore } from '../../../emulator/store/lmdb.ts';
import { authenticate, Platform, RP_ID, statusOf } from '../authenticator/platform.ts';
import { MODEL, PIN, type Told, WRONG_PIN } from './told.ts';

const [, , folder] = process.argv;
if (folder === undefined) throw new TypeError('expected the folder of a store, got no argument');

function tell(told: Told): void {
  writeSync(1, `${JSON.stringify(told)}\n`); // a pipe: written when this returns, so a kill takes nothing back
}

tell({ kind: 'started' });
const platform = await Platform.open({
  store: await openLmdbStore(folder, { namespace: 'key-1' }),
  model: MODEL,
});
const discoverable: string[] = [];
const sealed: string[] = [];

async function pinRetries(): Promise<number> {
  const { pinRetries } = await platform.clientPin({ subCommand: ClientPinSubcommand.getPINRetries });
  return pinRetries!;
}

/** A token by the right PIN, which gives the retries back. */
async function token(permission: number, rpId?: string): Promise<Uint8Array> {
  tell({ kind: 'entering', right: true });
  const issued = await platform.getToken(PIN, { permissions: permission, ...(rpId === undefined ? {} : { rpId }) });
  tell({ kind: 'retries', retries: await pinRetries() });
  return issued;
}

async function enterWrongPin(): Promise<void> {
  tell({ kind: 'entering', right: false });
  const status = await statusOf(platform.getToken(WRONG_PIN, { permissions: Permission.getAssertion, rpId: RP_ID }));
  if (status !== 'CTAP2_ERR_PIN_INVALID') throw new Error(`expected CTAP2_ERR_PIN_INVALID, got ${status}`);
  platform.forgetSharedSecret(); // the key renews its key agreement after a wrong PIN
  tell({ kind: 'retries', retries: await pinRetries() });
  await token(Permission.getAssertion, RP_ID); // three wrong ones in a row would lock the key
}

async function make(rk: boolean): Promise<void> {
  const authorization = rk
    ? {
        pinUvAuthParam: authenticate(await token(Permission.makeCredential, RP_ID)),
        pinUvAuthProtocol: 2,
      }
    : {};
  const user = { id: systemRandom.bytes(16), name: 'user', displayName: 'User' };
  const { authData } = await platform.makeCredential({ user, options: { rk }, ...authorization });
  const { signCount, attestedCredentialData } = decodeAuthenticatorData(authData);
  const id = toHex(attestedCredentialData!.credentialId);
  tell({ kind: 'made', id, discoverable: rk, signCount });
  (rk ? discoverable : sealed).push(id);
}

async function sign(): Promise<void> {
  const ids = [...discoverable, ...sealed];
  const id = ids[randomInt(ids.length)]!;
  const { authData } = await platform.getAssertion({ allowList: [{ type: PUBLIC_KEY, id: Buffer.from(id, 'hex') }] });
  tell({ kind: 'signed', id, signCount: decodeAuthenticatorData(authData).signCount });
}

async function remove(): Promise<void> {
  const id = discoverable.shift()!;
  const subCommand = CredentialManagementSubcommand.deleteCredential;
  const subCommandParams = credentialManagementParams.encode({
    credentialId: { type: PUBLIC_KEY, id: Buffer.from(id, 'hex') },
  });
  const pinUvAuthParam = authenticate(
    await token(Permission.credentialManagement),
    credentialManagementAuthMessage(subCommand, subCommandParams),
  );
  tell({ kind: 'deleting', id });
  await platform.call(
    Command.authenticatorCredentialManagement,
    credentialManagementRequest.encode({ subCommand, subCommandParams, pinUvAuthParam, pinUvAuthProtocol: 2 }),
  );
  tell({ kind: 'deleted', id });
}

if (!(await platform.getInfo()).options?.clientPin) {
  await platform.setPin(PIN);
  tell({ kind: 'pinSet' });
}
await token(Permission.getAssertion, RP_ID); // earlier lives may have left few retries
await make(false);
for (;;) {
  const die = randomInt(10);
  if (die < 2) await make(true);
  else if (die < 4) await make(false);
  else if (die < 5) await enterWrongPin();
  else if (die < 6 && discoverable.length > 0) await remove();
  else await sign();
}
