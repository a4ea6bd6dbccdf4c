/** What grows with the number of credentials, against the same with few; and the writing of a large blob. */
import { createHash, createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concat } from '../../../ctap/bytes.ts';
import { decodeCbor, encodeCbor } from '../../../ctap/cbor.ts';
import {
  credentialManagementParams,
  credentialManagementRequest,
  credentialManagementResponse,
  CredentialManagementSubcommand as Subcommand,
} from '../../../ctap/commands/credential-management.ts';
import { Command } from '../../../ctap/commands/index.ts';
import {
  LARGE_BLOB_HASH_LENGTH,
  largeBlobsAuthMessage,
  largeBlobsRequest,
} from '../../../ctap/commands/large-blobs.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import type { VirtualKey } from '../../../emulator/key.ts';
import { openLmdbStore } from '../../../emulator/store/lmdb.ts';
import type { PinUvAuthToken } from '../../client/pin-uv-auth-token.ts';
import { answer, freshKey, keyWith, repeat, tokenOf } from './bench-key.ts';
import type { Contest, Operation } from './rounds.ts';

const MANY = 10_000;
const FEW = 10;
const BLOB_LENGTH = 1024;

export const storageContests: readonly (readonly [string, () => Promise<Contest>])[] = [
  ['list-credentials-10000', listContest],
  ['open-store-10000', openStoreContest],
  ['write-large-blob', largeBlobContest],
];

/** A listing is an enumeration of all sites, and one of the credentials of each. */
async function listContest(): Promise<Contest> {
  const [many, few] = [await keyWith(MANY), await keyWith(FEW)];
  const [manyToken, fewToken] = [
    await tokenOf(many, Permission.credentialManagement),
    await tokenOf(few, Permission.credentialManagement),
  ];
  return {
    name: 'list-credentials-10000',
    async subject(count) {
      for (let i = 0; i < count; i++) await list(many, manyToken, MANY);
    },
    against: 'a thousand listings of ten discoverable credentials',
    async reference(count) {
      for (let i = 0; i < (count * MANY) / FEW; i++) await list(few, fewToken, FEW);
    },
    async close() {
      await many.close();
      await few.close();
    },
  };
}

async function list(key: VirtualKey, token: PinUvAuthToken, expected: number): Promise<void> {
  const manage = async (subCommand: number, params?: Parameters<typeof credentialManagementParams.encode>[0]) => {
    const subCommandParams = params && credentialManagementParams.encode(params);
    const signed = concat(
      Uint8Array.of(subCommand),
      subCommandParams ? encodeCbor(subCommandParams) : new Uint8Array(),
    );
    const authorization = { pinUvAuthProtocol: token.protocol.version, pinUvAuthParam: token.authenticate(signed) };
    const next = subCommand === Subcommand.enumerateRPsGetNextRP;
    const request = credentialManagementRequest.encode({
      subCommand,
      subCommandParams,
      ...(next ? {} : authorization),
    });
    const command = Uint8Array.of(Command.authenticatorCredentialManagement);
    const response = await answer(key, concat(command, encodeCbor(request)));
    return credentialManagementResponse.decode(decodeCbor(response.subarray(1)), credentialManagementResponse.name);
  };
  const first = await manage(Subcommand.enumerateRPsBegin);
  if (first.totalRPs !== expected) throw new Error(`expected ${expected} sites on the key, got ${first.totalRPs}`);
  const sites = [first];
  while (sites.length < expected) sites.push(await manage(Subcommand.enumerateRPsGetNextRP));
  for (const { rpIDHash } of sites) await manage(Subcommand.enumerateCredentialsBegin, { rpIDHash });
}

/** A power-up of a key from its folder, and its orderly end. */
async function openStoreContest(): Promise<Contest> {
  const folder = await mkdtemp(join(tmpdir(), 'ctaplab-bench-'));
  const opening = async (credentials: number): Promise<Operation> => {
    const path = join(folder, String(credentials));
    const open = () => openLmdbStore(path, { namespace: 'key' });
    await (await keyWith(credentials, await open())).close();
    return async (count) => {
      for (let i = 0; i < count; i++) {
        await (await freshKey({ maxDiscoverableCredentials: credentials }, await open())).close();
      }
    };
  };
  return {
    name: 'open-store-10000',
    subject: await opening(MANY),
    against: 'opening a store with ten discoverable credentials',
    reference: await opening(FEW),
    close: () => rm(folder, { recursive: true }),
  };
}

/** One write in one fragment, against the hashes that it needs: of the array, of the fragment, and its authentication. */
async function largeBlobContest(): Promise<Contest> {
  const key = await freshKey();
  const token = await tokenOf(key, Permission.largeBlobWrite);
  const requests = Array.from({ length: 16 }, (_, index) => largeBlobWrite(token, index));
  const [blob, secret] = [new Uint8Array(BLOB_LENGTH), new Uint8Array(32)];
  return {
    name: 'write-large-blob',
    subject: repeat(key, requests),
    against: 'two SHA-256 of 1 KiB and an HMAC-SHA-256 with OpenSSL',
    reference(count) {
      for (let i = 0; i < count; i++) {
        createHash('sha256').update(blob).digest();
        const fragmentHash = createHash('sha256').update(blob).digest();
        createHmac('sha256', secret).update(largeBlobsAuthMessage(0, fragmentHash)).digest();
      }
    },
    close: () => key.close(),
  };
}

/** authenticatorLargeBlobs as bytes: the whole serialized array at once. */
function largeBlobWrite(token: PinUvAuthToken, index: number): Uint8Array {
  const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest();
  const array = encodeCbor([new Uint8Array(BLOB_LENGTH - LARGE_BLOB_HASH_LENGTH - 4).fill(index)]);
  const set = concat(array, sha256(array).subarray(0, LARGE_BLOB_HASH_LENGTH));
  const request = largeBlobsRequest.encode({
    set,
    offset: 0,
    length: set.length,
    pinUvAuthProtocol: token.protocol.version,
    pinUvAuthParam: token.authenticate(largeBlobsAuthMessage(0, sha256(set))),
  });
  return concat(Uint8Array.of(Command.authenticatorLargeBlobs), encodeCbor(request));
}
