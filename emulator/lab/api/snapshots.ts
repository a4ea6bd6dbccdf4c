/** A whole lab as a file, and back: all of it, or nothing changes. */
import { createRoute, z } from '@hono/zod-openapi';
import { fromBase64Url, toBase64Url } from '../../../ctap/bytes.ts';
import { findProgrammableToken, programmableTokenModels } from '../../../ctap/token2/models.ts';
import { VirtualKey } from '../../key.ts';
import { findModel } from '../../models/index.ts';
import { autoPresence } from '../../presence.ts';
import { ProgrammableToken } from '../../programmable-token.ts';
import { exportKey, importKey } from '../../store/export.ts';
import { memoryStore } from '../../store/memory.ts';
import { readKeySettings, writeKeySettings } from '../key-settings.ts';
import type { Lab } from '../lab.ts';
import type { LabContents, Records } from '../lab-contents.ts';
import { Problem } from '../problem.ts';
import { ClockSchema, clockJSON } from './clock.ts';
import { KeyFile } from './exports.ts';
import { body, type ControlApi, json, problems } from './routes.ts';

const tags = ['Lab'];
const Number_ = z.int().min(1).max(1_000_000);

const KeyEntry = z.strictObject({
  number: Number_,
  settings: z.strictObject({
    touch: z.string().optional(),
    transports: z.array(z.string()).max(8).optional(),
    removed: z.boolean().optional(),
  }),
  faults: z.array(z.string()).max(100),
  file: KeyFile,
});

const TokenEntry = z.strictObject({
  number: Number_,
  settings: z.strictObject({
    model: z.enum(programmableTokenModels.map(({ name }) => name) as [string, ...string[]]),
    driftPpm: z.number().min(-100_000).max(100_000),
    timeSync: z.enum(['restricted', 'unrestricted']).optional(),
    port: z.int().min(1).max(65_535).optional(),
  }),
  records: z.record(z.string(), z.string()),
});

export const Snapshot = z
  .strictObject({
    format: z.literal('ctaplab-lab'),
    version: z.literal(1),
    clock: ClockSchema,
    keys: z.array(KeyEntry).max(10_000),
    tokens: z.array(TokenEntry).max(10_000),
  })
  .openapi('Snapshot', { description: 'A whole lab, its secrets too: whoever has it has the keys' });
type SnapshotJSON = z.infer<typeof Snapshot>;

const take = createRoute({
  method: 'get',
  path: '/snapshot',
  summary: 'The whole lab as a file',
  tags,
  responses: { 200: json(Snapshot, 'The lab'), ...problems() },
});

const put = createRoute({
  method: 'put',
  path: '/snapshot',
  summary: 'Makes the lab what a file says; where that cannot be, nothing changes',
  tags,
  request: { body: body(Snapshot) },
  responses: {
    200: json(z.strictObject({ restored: z.literal(true), keys: z.int(), tokens: z.int() }), 'It is that now'),
    ...problems(409),
  },
});

export function snapshotRoutes(api: ControlApi, lab: Lab): void {
  api.openapi(take, (c) => c.json(snapshotOf(lab), 200));
  api.openapi(put, async (c) => {
    const snapshot = c.req.valid('json');
    const contents = await contentsOf(lab, snapshot);
    try {
      await lab.restore(contents);
    } catch (error) {
      if (error instanceof Error) throw new Problem(409, 'cannot_restore', error.message);
      throw error;
    }
    restoreClock(lab, snapshot.clock);
    return c.json({ restored: true as const, keys: contents.keys.length, tokens: contents.tokens.length }, 200);
  });
}

function snapshotOf(lab: Lab): SnapshotJSON {
  const { keys, tokens } = lab.contents;
  return {
    format: 'ctaplab-lab',
    version: 1,
    clock: clockJSON(lab.clock),
    keys: keys.map(({ number, settings, faults: active }) => {
      const { touch, transports, removed } = writeKeySettings(settings);
      const { store } = lab.keys.get(String(number))!.key.environment;
      return {
        number,
        settings: {
          ...(touch === undefined ? {} : { touch }),
          ...(transports === undefined ? {} : { transports: [...transports] }),
          ...(removed === undefined ? {} : { removed }),
        },
        faults: [...active],
        file: { ...exportKey(store, { privateKeys: true, now: lab.clock.now() }) },
      };
    }),
    tokens: tokens.map(({ number, settings, records }) => ({
      number,
      settings: { ...settings },
      records: Object.fromEntries(Array.from(records, ([path, value]) => [path, toBase64Url(value)])),
    })),
  };
}

/** Tries every key and token in memory first. @throws Problem 400 that names the one that is broken */
async function contentsOf(lab: Lab, snapshot: SnapshotJSON): Promise<LabContents> {
  assertDistinct('keys', snapshot.keys);
  assertDistinct('tokens', snapshot.tokens);
  const keys: LabContents['keys'][number][] = [];
  for (const { number, settings, faults: active, file } of snapshot.keys) {
    await broken(`key ${number}`, async () => {
      const { faults } = await import('../../faults/index.ts');
      for (const id of active) if (!faults.has(id)) throw new RangeError(`there is no fault ${JSON.stringify(id)}`);
      keys.push({ number, settings: readKeySettings(settings), faults: active, records: await tryKey(lab, file) });
    });
  }
  const tokens: LabContents['tokens'][number][] = [];
  for (const { number, settings, records } of snapshot.tokens) {
    await broken(`token ${number}`, async () => {
      tokens.push({ number, settings, records: await tryToken(lab, settings, records) });
    });
  }
  return { keys, tokens };
}

async function tryKey(lab: Lab, file: SnapshotJSON['keys'][number]['file']): Promise<Records> {
  const store = memoryStore();
  const model = findModel(await importKey(store, file));
  const records = new Map(store.list(''));
  const { nodeCrypto } = await import('../../crypto-node.ts');
  const { systemRandom } = await import('../../random.ts');
  const environment = { clock: lab.clock, random: systemRandom, crypto: nodeCrypto, presence: autoPresence, store };
  const key = await VirtualKey.open({ environment, model, authority: lab.authority });
  await key.close();
  return records;
}

async function tryToken(
  lab: Lab,
  settings: SnapshotJSON['tokens'][number]['settings'],
  texts: Readonly<Record<string, string>>,
): Promise<Records> {
  const records = new Map(Object.entries(texts).map(([path, text]) => [path, fromBase64Url(text)]));
  if (!records.has('token/serial')) throw new RangeError('records: expected "token/serial" among them, got none');
  const store = memoryStore();
  await store.commit(Array.from(records, ([path, value]) => ({ path, value })));
  const [{ nodeSm4 }, { systemRandom }] = await Promise.all([import('../../sm4-node.ts'), import('../../random.ts')]);
  const model = findProgrammableToken(settings.model);
  const environment = { clock: lab.clock, random: systemRandom, store };
  const token = await ProgrammableToken.open({ environment, sm4: nodeSm4(), model });
  for (let profile = 0; profile < model.profiles; profile++) token.code(profile);
  return records;
}

async function broken(what: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    throw new Problem(400, 'bad_snapshot', `${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function assertDistinct(what: string, entries: readonly { readonly number: number }[]): void {
  if (new Set(entries.map(({ number }) => number)).size === entries.length) return;
  throw new Problem(400, 'bad_snapshot', `${what}: expected each number once`);
}

function restoreClock({ clock, events }: Lab, { now, frozen, offset }: SnapshotJSON['clock']): void {
  clock.reset();
  if (frozen) {
    clock.freeze();
    clock.set(Date.parse(now));
  } else if (offset !== 0) clock.advance(offset);
  events.emit({ type: 'clock' });
}
