/** `ctaplab passkeys`: the discoverable credentials on a key. */
import type { Command } from 'commander';
import { toBase64Url, toHex } from '../../ctap/bytes.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { LargeBlobsClient } from '../client/large-blobs.ts';
import { type Passkey, PasskeysClient } from '../client/passkeys.ts';
import type { PinUvAuthToken } from '../client/pin-uv-auth-token.ts';
import type { OpenedDevice } from './devices.ts';
import { algorithmName } from './explain-info.ts';
import { Failure } from './failure.ts';
import { findById, shortIds } from './ids.ts';
import {
  called,
  consent,
  type ManagementOptions,
  managing,
  onDevice,
  requireUserToken,
  withDevice,
} from './management.ts';
import { type Output, printable } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { verb } from './verb.ts';

interface RenameOptions extends ManagementOptions {
  readonly name?: string;
  readonly displayName?: string;
}

export function command(): Command {
  const passkeys = verb('passkeys', 'list, delete and rename the passkeys on a key', [
    'passkeys list hidraw:/dev/hidraw0',
    'passkeys delete 5f3a21c0',
  ]);
  const examples = ['passkeys list lab:1', 'passkeys list --pin-file pin --json'];
  passkeys.addCommand(
    onDevice(managing('list', 'list the passkeys by relying party', examples)).action(
      (device: string | undefined, options: ManagementOptions) => withDevice(device, options, list),
    ),
  );
  passkeys.addCommand(
    onDevice(
      managing('delete', 'delete a passkey, and its large blob', ['passkeys delete 5f3a21c0 lab:1']).argument(
        '<id>',
        ID_HELP,
      ),
    ).action((id: string, device: string | undefined, options: ManagementOptions) =>
      withDevice(device, options, (opened, _, output) => remove(opened, id, options, output)),
    ),
  );
  const rename = managing('rename', "change the names of a passkey's user", [
    'passkeys rename 5f3a21c0 lab:1 --name alice@example.com --display-name Alice',
  ]);
  passkeys.addCommand(
    onDevice(rename.argument('<id>', ID_HELP))
      .option('--name <name>', "the user's name at the site; an empty one deletes it")
      .option('--display-name <name>', "the user's name for people; an empty one deletes it")
      .action((id: string, device: string | undefined, options: RenameOptions) =>
        withDevice(device, options, (opened, _, output) => changeNames(opened, id, options, output)),
      ),
  );
  return passkeys;
}

export const ID_HELP = 'the id of a passkey in hexadecimal or base64url, or the beginning of it';
export const LIST_PASSKEYS = `See the ids: ${PROGRAM} passkeys list`;

/** A passkey and whose it is. */
export interface ListedPasskey extends Passkey {
  readonly rpId: string;
}

interface PasskeyGroup {
  readonly rpId: string;
  readonly rpName: string | undefined;
  readonly passkeys: readonly Passkey[];
}

async function readGroups(client: PasskeysClient): Promise<PasskeyGroup[]> {
  const groups: PasskeyGroup[] = [];
  for (const { rp, rpIdHash } of await client.rps()) {
    groups.push({ rpId: rp.id, rpName: rp.name, passkeys: await client.credentials(rpIdHash) });
  }
  return groups.sort((a, b) => (a.rpId < b.rpId ? -1 : 1));
}

/** All passkeys on the key, by relying party. */
export async function readPasskeys(client: PasskeysClient): Promise<ListedPasskey[]> {
  const groups = await readGroups(client);
  return groups.flatMap(({ rpId, passkeys }) => passkeys.map((passkey) => ({ ...passkey, rpId })));
}

/** The user's name, as far as the key knows one. */
export function userLabel({ user }: Passkey): string {
  return printable(user.name ?? user.displayName ?? toHex(user.id));
}

async function list(opened: OpenedDevice, options: ManagementOptions, output: Output): Promise<void> {
  const token = await requireUserToken(opened, options, Permission.credentialManagement);
  const client = new PasskeysClient(opened.ctap2, token);
  const { existing, remaining } = await client.metadata();
  const groups = existing === 0 ? [] : await readGroups(client);
  output.document({
    device: opened.name,
    existing,
    remaining,
    rps: groups.map(({ rpId, rpName, passkeys }) => ({
      id: rpId,
      name: rpName ?? null,
      passkeys: passkeys.map(passkeyJSON),
    })),
  });
  const all = groups.flatMap(({ passkeys }) => passkeys);
  const ids = shortIds(all.map(({ credentialId }) => credentialId.id)).values();
  for (const { rpId, rpName, passkeys } of groups) {
    const name = rpName === undefined || rpName === rpId ? '' : `  ${printable(rpName)}`;
    output.line(`${output.colors.bold(printable(rpId))}${name}`);
    output.table(
      passkeys.map((passkey) => [
        `  ${ids.next().value}`,
        userLabel(passkey),
        printable(passkey.user.displayName ?? ''),
        algorithmName(algorithmOf(passkey)),
        passkey.credProtect === undefined ? '' : `protection ${passkey.credProtect}`,
      ]),
    );
  }
  output.line(`${existing} ${existing === 1 ? 'passkey' : 'passkeys'}; ${remaining} more may fit.`);
}

function algorithmOf({ publicKey }: Passkey): number {
  return Number(publicKey.get(3));
}

function passkeyJSON(passkey: Passkey) {
  const { credentialId, user, credProtect, largeBlobKey, thirdPartyPayment } = passkey;
  return {
    id: toBase64Url(credentialId.id),
    hex: toHex(credentialId.id),
    user: { id: toBase64Url(user.id), name: user.name ?? null, displayName: user.displayName ?? null },
    algorithm: algorithmOf(passkey),
    credProtect: credProtect ?? null,
    // the key of its blob itself is a secret
    largeBlob: largeBlobKey !== undefined,
    thirdPartyPayment: thirdPartyPayment ?? false,
  };
}

/** The passkey that the user means by `id`. @throws Failure where none or several are meant */
export async function findPasskey(client: PasskeysClient, id: string): Promise<ListedPasskey> {
  const passkeys = await readPasskeys(client);
  return findById(passkeys, ({ credentialId }) => credentialId.id, id, { what: 'passkey', next: LIST_PASSKEYS });
}

async function remove(opened: OpenedDevice, id: string, options: ManagementOptions, output: Output): Promise<void> {
  const { ctap2, name } = opened;
  const hasBlobs = (await ctap2.getInfo()).options?.largeBlobs === true;
  const permissions = Permission.credentialManagement | (hasBlobs ? Permission.largeBlobWrite : 0);
  const token = await requireUserToken(opened, options, permissions);
  const client = new PasskeysClient(ctap2, token);
  const passkey = await findPasskey(client, id);
  const what = `the passkey of ${userLabel(passkey)} at ${printable(passkey.rpId)}`;
  const question = `Delete ${what} from ${called(opened)}?`;
  await consent(opened, options, question, `${what} would be gone from ${called(opened)} for ever`);
  await client.delete(passkey.credentialId);
  const largeBlob = hasBlobs && (await deleteBlob(opened, token, passkey));
  output.document({ device: name, deleted: toBase64Url(passkey.credentialId.id), rpId: passkey.rpId, largeBlob });
  output.line(`Deleted ${what}${largeBlob ? ', and its large blob' : ''}.`);
}

/** Nobody could open the blob of a credential that is gone: it would only take room. */
async function deleteBlob({ ctap2 }: OpenedDevice, token: PinUvAuthToken, { largeBlobKey }: Passkey): Promise<boolean> {
  return largeBlobKey !== undefined && new LargeBlobsClient(ctap2, { token }).delete(largeBlobKey);
}

async function changeNames(opened: OpenedDevice, id: string, options: RenameOptions, output: Output): Promise<void> {
  const { name: userName, displayName } = options;
  if (userName === undefined && displayName === undefined) {
    throw new Failure('usage', 'expected a new name', 'Give --name, --display-name or both.');
  }
  const token = await requireUserToken(opened, options, Permission.credentialManagement);
  const client = new PasskeysClient(opened.ctap2, token);
  const passkey = await findPasskey(client, id);
  const what = `the passkey of ${userLabel(passkey)} at ${printable(passkey.rpId)}`;
  await consent(opened, options, `Rename ${what} on ${called(opened)}?`, `${what} would get other names`);
  const name = userName ?? passkey.user.name;
  const user = { id: passkey.user.id, name, displayName: displayName ?? passkey.user.displayName };
  await client.updateUser(passkey.credentialId, user);
  output.document({
    device: opened.name,
    renamed: toBase64Url(passkey.credentialId.id),
    rpId: passkey.rpId,
    user: { name: user.name || null, displayName: user.displayName || null },
  });
  const names = [user.name, user.displayName].filter((part) => part).map((part) => printable(part!));
  output.line(`Renamed ${what}: ${names.length > 0 ? names.join(', ') : 'no names'}.`);
}
