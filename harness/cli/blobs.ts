/** `ctaplab blobs`: the large blobs of the passkeys on a key. */
import { readFileSync, writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { fromUtf8, toBase64Url, toHex } from '../../ctap/bytes.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { LargeBlobsClient } from '../client/large-blobs.ts';
import { PasskeysClient } from '../client/passkeys.ts';
import type { OpenedDevice } from './devices.ts';
import { Failure } from './failure.ts';
import { shortIds } from './ids.ts';
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
import { findPasskey, ID_HELP, type ListedPasskey, readPasskeys, userLabel } from './passkeys.ts';
import { PROGRAM } from './program-name.ts';
import { verb } from './verb.ts';

interface GetOptions extends ManagementOptions {
  readonly out?: string;
}

const WHICH_HELP = `${ID_HELP}, or a relying party with one passkey`;

export function command(): Command {
  const blobs = verb('blobs', 'read, write and delete the large blobs of the passkeys on a key', [
    'blobs list hidraw:/dev/hidraw0',
    'blobs set ssh.example certificate.pub',
  ]);
  blobs.addCommand(
    onDevice(
      managing('list', 'list the passkeys that can have a blob, and how long it is', ['blobs list lab:1']),
    ).action((device: string | undefined, options: ManagementOptions) => withDevice(device, options, list)),
  );
  const get = managing('get', 'write a blob to stdout, or to a file', [
    'blobs get ssh.example lab:1 --out certificate',
  ]);
  blobs.addCommand(
    onDevice(get.argument('<passkey>', WHICH_HELP))
      .option('--out <file>', 'where to write it')
      .action((passkey: string, device: string | undefined, options: GetOptions) =>
        withDevice(device, options, (opened, _, output) => read(opened, passkey, options, output)),
      ),
  );
  const set = managing('set', 'store a blob, in place of the one before', [
    'blobs set ssh.example certificate.pub lab:1',
    'generate | ctaplab blobs set 5f3a21c0 - --pin-file pin',
  ]);
  blobs.addCommand(
    onDevice(set.argument('<passkey>', WHICH_HELP).argument('<file>', 'what to store; - is stdin')).action(
      (passkey: string, file: string, device: string | undefined, options: ManagementOptions) =>
        withDevice(device, options, (opened, _, output) => write(opened, { passkey, file }, options, output)),
    ),
  );
  const remove = managing('delete', 'delete a blob; the passkey stays', ['blobs delete ssh.example lab:1']);
  blobs.addCommand(
    onDevice(remove.argument('<passkey>', WHICH_HELP)).action(
      (passkey: string, device: string | undefined, options: ManagementOptions) =>
        withDevice(device, options, (opened, _, output) => deleteBlob(opened, passkey, options, output)),
    ),
  );
  const clean = managing('clean', 'delete the blobs whose passkey is gone: nobody can read them', [
    'blobs clean lab:1',
  ]);
  blobs.addCommand(
    onDevice(clean).action((device: string | undefined, options: ManagementOptions) =>
      withDevice(device, options, collect),
    ),
  );
  return blobs;
}

interface OpenedBlobs {
  readonly passkeys: PasskeysClient;
  readonly blobs: LargeBlobsClient;
}

async function open(opened: OpenedDevice, options: ManagementOptions, permissions = 0): Promise<OpenedBlobs> {
  const { ctap2 } = opened;
  if ((await ctap2.getInfo()).options?.largeBlobs !== true) {
    const next = `See what it can: ${PROGRAM} info ${opened.name}`;
    throw new Failure('failed', `${called(opened)} has no large blobs`, next);
  }
  const token = await requireUserToken(opened, options, Permission.credentialManagement | permissions);
  return { passkeys: new PasskeysClient(ctap2, token), blobs: new LargeBlobsClient(ctap2, { token }) };
}

interface KeyedPasskey {
  readonly passkey: ListedPasskey;
  readonly key: Uint8Array;
}

/** The passkey that the user means: by its id, or by an RP that has no other. @throws Failure where it can have no blob */
async function find(client: PasskeysClient, which: string): Promise<KeyedPasskey> {
  const ofRp = (await readPasskeys(client)).filter(({ rpId }) => rpId === which);
  if (ofRp.length > 1) {
    const next = `Say which one by its id: ${PROGRAM} passkeys list`;
    throw new Failure('usage', `${printable(which)} has ${ofRp.length} passkeys`, next);
  }
  const passkey = ofRp[0] ?? (await findPasskey(client, which));
  if (passkey.largeBlobKey !== undefined) return { passkey, key: passkey.largeBlobKey };
  const next = 'A site that wants one says so when it creates the passkey (largeBlob).';
  throw new Failure('failed', `${describe(passkey)} was created without a large blob`, next);
}

function describe(passkey: ListedPasskey): string {
  return `the passkey of ${userLabel(passkey)} at ${printable(passkey.rpId)}`;
}

async function list(opened: OpenedDevice, options: ManagementOptions, output: Output): Promise<void> {
  const { passkeys, blobs } = await open(opened, options);
  const array = await blobs.readArray();
  const capacity = await blobs.capacity();
  const rows: { readonly passkey: ListedPasskey; readonly blob: Uint8Array | undefined }[] = [];
  for (const passkey of await readPasskeys(passkeys)) {
    const key = passkey.largeBlobKey;
    if (key !== undefined) rows.push({ passkey, blob: await blobs.get(key, array) });
  }
  output.document({
    device: opened.name,
    used: array.size,
    capacity,
    elements: array.elements.length,
    intact: array.intact,
    passkeys: rows.map(({ passkey, blob }) => ({
      id: toBase64Url(passkey.credentialId.id),
      hex: toHex(passkey.credentialId.id),
      rpId: passkey.rpId,
      user: passkey.user.name ?? null,
      size: blob?.length ?? null,
    })),
  });
  const ids = shortIds(rows.map(({ passkey }) => passkey.credentialId.id));
  output.table(
    rows.map(({ passkey, blob }, index) => [
      ids[index]!,
      printable(passkey.rpId),
      userLabel(passkey),
      blob === undefined ? 'no blob' : `${blob.length} bytes`,
    ]),
  );
  if (rows.length === 0) output.line('No passkey on this key was created with a large blob.');
  output.line(`${array.size} of ${capacity} bytes are used.`);
  if (!array.intact) output.line('What is there is damaged; the next write begins anew.');
  const others = array.elements.length - rows.filter(({ blob }) => blob !== undefined).length;
  if (others > 0) output.line(`${others} more without a passkey; delete them: ${PROGRAM} blobs clean`);
}

async function read(opened: OpenedDevice, which: string, options: GetOptions, output: Output): Promise<void> {
  const { passkeys, blobs } = await open(opened, options);
  const { passkey, key } = await find(passkeys, which);
  const blob = await blobs.get(key);
  if (blob === undefined) {
    throw new Failure('failed', `${describe(passkey)} has no large blob`, `Store one: ${PROGRAM} blobs set`);
  }
  output.document({
    device: opened.name,
    id: toBase64Url(passkey.credentialId.id),
    rpId: passkey.rpId,
    size: blob.length,
    ...(options.out === undefined ? { blob: toBase64Url(blob) } : { file: options.out }),
  });
  if (options.out !== undefined) {
    writeFileSync(options.out, blob);
    output.line(`Wrote ${blob.length} bytes to ${options.out}.`);
  } else if (!output.json) {
    process.stdout.write(process.stdout.isTTY ? readable(blob) : blob);
  }
}

/** Text for a terminal. @throws Failure for what is no text: it would be garbage there, or worse */
function readable(blob: Uint8Array): string {
  try {
    return `${fromUtf8(blob).split('\n').map(printable).join('\n')}\n`;
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const next = 'Write it to a file with --out, or to a pipe.';
    throw new Failure('usage', `the blob of ${blob.length} bytes is no text for a terminal`, next);
  }
}

async function write(
  opened: OpenedDevice,
  { passkey: which, file }: { readonly passkey: string; readonly file: string },
  options: ManagementOptions,
  output: Output,
): Promise<void> {
  if (file === '-' && options.pinFile === undefined) {
    throw new Failure('usage', 'stdin cannot be the blob and the PIN at once', 'Give the PIN with --pin-file.');
  }
  const blob = file === '-' ? await buffer(process.stdin) : readFileSync(file);
  const { passkeys, blobs } = await open(opened, options, Permission.largeBlobWrite);
  const { passkey, key } = await find(passkeys, which);
  const question = `Store ${blob.length} bytes for ${describe(passkey)} on ${called(opened)}?`;
  await consent(opened, options, question, `the blob of ${describe(passkey)} would be replaced`);
  try {
    await blobs.set(key, blob);
  } catch (cause) {
    if (!isFull(cause)) throw cause;
    const next = `See what takes the room: ${PROGRAM} blobs list`;
    throw new Failure('failed', `${called(opened)} has no room for it: ${cause.message}`, next, { cause });
  }
  output.document({
    device: opened.name,
    id: toBase64Url(passkey.credentialId.id),
    rpId: passkey.rpId,
    size: blob.length,
  });
  output.line(`Stored ${blob.length} bytes for ${describe(passkey)}.`);
}

function isFull(error: unknown): error is Error {
  return error instanceof Error && 'statusName' in error && error.statusName === 'CTAP2_ERR_LARGE_BLOB_STORAGE_FULL';
}

async function deleteBlob(
  opened: OpenedDevice,
  which: string,
  options: ManagementOptions,
  output: Output,
): Promise<void> {
  const { passkeys, blobs } = await open(opened, options, Permission.largeBlobWrite);
  const { passkey, key } = await find(passkeys, which);
  const question = `Delete the blob of ${describe(passkey)} from ${called(opened)}?`;
  await consent(opened, options, question, `the blob of ${describe(passkey)} would be gone for ever`);
  if (!(await blobs.delete(key))) throw new Failure('failed', `${describe(passkey)} has no large blob`);
  output.document({ device: opened.name, deleted: toBase64Url(passkey.credentialId.id), rpId: passkey.rpId });
  output.line(`Deleted the blob of ${describe(passkey)}.`);
}

async function collect(opened: OpenedDevice, options: ManagementOptions, output: Output): Promise<void> {
  const { passkeys, blobs } = await open(opened, options, Permission.largeBlobWrite);
  const keys = (await readPasskeys(passkeys)).flatMap(({ largeBlobKey }) => largeBlobKey ?? []);
  const question = `Delete the blobs on ${called(opened)} whose passkey is gone?`;
  await consent(opened, options, question, 'blobs whose passkey is gone would be deleted');
  const deleted = await blobs.collectGarbage(keys);
  output.document({ device: opened.name, deleted });
  output.line(`Deleted ${deleted} ${deleted === 1 ? 'blob' : 'blobs'} without a passkey.`);
}
