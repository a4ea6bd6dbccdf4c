/**
 * A key as a JSON file, to look at or to move to another store. Bytes are base64url, times ISO 8601.
 *
 * {
 *   "format": "ctaplab-key", "version": 1,
 *   "exportedAt": "2026-05-05T12:00:00.000Z",
 *   "model": "token2-r3",                   the name that --model takes
 *   "serialNumber": "76104312345678",
 *   "signCount": 7,                         of the last signature
 *   "pin": { "isSet": true, "retries": 8 },
 *   "credentials": [ {                      the discoverable ones, the oldest first
 *     "credentialId": "...", "rp": { "id": "example.com", "name": "..." },
 *     "user": { "id": "...", "name": "...", "displayName": "..." },
 *     "algorithm": -7, "publicKey": "...",  a COSE_Key
 *     "credProtect": 1, "hmacSecret": false
 *   } ],
 *   "schema": 1,                            version of the records below
 *   "records": { "pin": "...", ... }        all that the key keeps, its private keys among it
 * }
 *
 * `schema` and `records` are there only where private keys were asked for, and are all that an import reads: the
 * members above them tell people what is in the file. Whoever has the records has the key.
 */
import { fromBase64Url, fromUtf8, toBase64Url } from '../../ctap/bytes.ts';
import { encodeCbor } from '../../ctap/cbor.ts';
import { encodeCoseKey } from '../../ctap/cose.ts';
import type { DiscoverableCredential } from '../authenticator/credential-records.ts';
import { discoverableCredentialsOf } from '../authenticator/credentials.ts';
import { PinState } from '../authenticator/pin-state.ts';
import type { Store, StoreChange } from '../environment.ts';
import { memoryStore } from './memory.ts';
import { type PasskeyOwnerJSON, passkeyOwnerJSON } from './passkey-json.ts';
import { ensureSchema, schemaVersion } from './schema-version.ts';
import { StoreError } from './store-error.ts';

export const EXPORT_FORMAT = 'ctaplab-key';
export const EXPORT_VERSION = 1;

const PATH = /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/;
/** Records without which nothing is a key. */
const NECESSARY = ['serial', 'model', 'secret', 'attestation'] as const;
/** Migrations see the records below a namespace, as in a database. */
const NAMESPACE = 'key/';
const SCHEMA_KEY = '@schema';

export interface ExportedCredential extends PasskeyOwnerJSON {
  readonly publicKey: string;
  readonly credProtect: number;
  readonly hmacSecret: boolean;
}

export interface KeyExport {
  readonly format: typeof EXPORT_FORMAT;
  readonly version: typeof EXPORT_VERSION;
  readonly exportedAt: string;
  readonly model: string;
  readonly serialNumber: string;
  readonly signCount: number;
  readonly pin: { readonly isSet: boolean; readonly retries: number };
  readonly credentials: readonly ExportedCredential[];
  readonly schema?: number;
  readonly records?: Readonly<Record<string, string>>;
}

export interface ExportOptions {
  /** True: with all that makes the key, so that it can be imported. */
  readonly privateKeys: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Describes the key of a store. @throws StoreError where the store has no key */
export function exportKey(store: Store, { privateKeys, now }: ExportOptions): KeyExport {
  const [serial, model, counter] = [store.get('serial'), store.get('model'), store.get('signCount')];
  if (!serial || !model) throw new StoreError('expected the store of a key, got one without serial number and model');
  const pin = new PinState(store);
  const described: KeyExport = {
    format: EXPORT_FORMAT,
    version: EXPORT_VERSION,
    exportedAt: new Date(now).toISOString(),
    model: fromUtf8(model),
    serialNumber: fromUtf8(serial),
    signCount: counter ? new DataView(counter.buffer, counter.byteOffset).getUint32(0) : 0,
    pin: { isSet: pin.isSet, retries: pin.retries },
    credentials: discoverableCredentialsOf(store)
      .sort((a, b) => a.sequence - b.sequence)
      .map(describe),
  };
  if (!privateKeys) return described;
  const records = Object.fromEntries(Array.from(store.list(''), ([path, value]) => [path, toBase64Url(value)]));
  return { ...described, schema: schemaVersion, records };
}

function describe(credential: DiscoverableCredential): ExportedCredential {
  const { alg, publicKey, credProtect, hmacSecret } = credential;
  return {
    ...passkeyOwnerJSON(credential),
    publicKey: toBase64Url(encodeCbor(encodeCoseKey({ alg, publicKey }))),
    credProtect,
    hmacSecret,
  };
}

/**
 * Puts an exported key into an empty store, all of it or nothing.
 * @param file the parsed JSON
 * @returns the name of the key's model, to open it with
 * @throws StoreError where the file is not one of ours, has no private keys, is of a newer version, or the store is in use
 */
export async function importKey(store: Store, file: unknown): Promise<string> {
  const records = migrated(readRecords(file));
  for (const [path] of store.list('')) throw new StoreError(`expected an empty store, got one with "${path}"`);
  for (const path of NECESSARY) {
    if (!records.has(path)) throw malformed(`records: expected "${path}" among them, got none`);
  }
  const changes = Array.from(records, ([path, value]): StoreChange => ({ path, value }));
  const { model } = await readOnTrial(changes);
  await store.commit(changes);
  return model;
}

/** What an export of the imported key would say; finds records that cannot be read before they are stored. */
async function readOnTrial(changes: readonly StoreChange[]): Promise<KeyExport> {
  const trial = memoryStore();
  await trial.commit(changes);
  try {
    return exportKey(trial, { privateKeys: false, now: 0 });
  } catch (error) {
    throw malformed(`records: ${(error as Error).message}`);
  }
}

interface ReadRecords {
  readonly schema: number;
  readonly records: ReadonlyMap<string, Uint8Array>;
}

function readRecords(file: unknown): ReadRecords {
  if (!isObject(file)) throw malformed(`expected a JSON object, got ${kindOf(file)}`);
  const { format, version, schema, records } = file;
  if (format !== EXPORT_FORMAT) throw malformed(`format: expected "${EXPORT_FORMAT}", got ${show(format)}`);
  if (version !== EXPORT_VERSION) throw malformed(`version: expected ${EXPORT_VERSION}, got ${show(version)}`);
  if (records === undefined) {
    throw new StoreError('the file has no private keys, so it cannot become a key: export it with them');
  }
  if (typeof schema !== 'number' || !Number.isInteger(schema) || schema < 1) {
    throw malformed(`schema: expected a positive integer, got ${show(schema)}`);
  }
  if (!isObject(records)) throw malformed(`records: expected an object, got ${kindOf(records)}`);
  return { schema, records: new Map(Object.entries(records).map(readRecord)) };
}

function readRecord([path, text]: [string, unknown]): [string, Uint8Array] {
  if (!PATH.test(path)) throw malformed(`records: expected a path of [A-Za-z0-9_-] segments, got ${show(path)}`);
  if (typeof text !== 'string') throw malformed(`records.${path}: expected base64url text, got ${kindOf(text)}`);
  try {
    return [path, fromBase64Url(text)];
  } catch (error) {
    throw malformed(`records.${path}: ${(error as Error).message}`);
  }
}

/** The records as this version keeps them. */
function migrated({ schema, records }: ReadRecords): ReadonlyMap<string, Uint8Array> {
  const database = new Map<string, Uint8Array>([[SCHEMA_KEY, new TextEncoder().encode(String(schema))]]);
  for (const [path, value] of records) database.set(NAMESPACE + path, value);
  ensureSchema({
    get: (key) => database.get(key),
    put: (key, value) => void database.set(key, value),
    remove: (key) => void database.delete(key),
    keys: () => [...database.keys()],
  });
  const own = [...database].filter(([key]) => key.startsWith(NAMESPACE));
  return new Map(own.map(([key, value]) => [key.slice(NAMESPACE.length), value]));
}

function malformed(detail: string): StoreError {
  return new StoreError(`not an exported key: ${detail}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

function show(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
