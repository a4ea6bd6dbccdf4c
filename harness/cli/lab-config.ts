/** `ctaplab.json`: the keys and tokens of a lab, and how it begins, as a file. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { programmableTokenModels } from '../../ctap/token2/models.ts';
import { faults } from '../../emulator/faults/index.ts';
import { describeIssues } from '../../emulator/lab/api/issues.ts';
import type { Lab } from '../../emulator/lab/lab.ts';
import { parseTouchPolicy } from '../../emulator/lab/touch-policy.ts';
import { parseTransport } from '../../emulator/lab/transport.ts';
import { findModel, models } from '../../emulator/models/index.ts';
import { Failure } from './failure.ts';

const Touch = z
  .string()
  .regex(/^(auto|manual|deny|after=[0-9]{1,9})$/, 'expected auto, manual, deny or after=MS')
  .describe('auto, manual, deny or after=MS');

const Transports = z
  .array(z.string().regex(/^(uhid|udp|vpcd|(udp|vpcd):[0-9]{1,5})$/, 'expected uhid, udp[:PORT] or vpcd[:PORT]'))
  .max(8)
  .describe('uhid, udp, udp:PORT, vpcd or vpcd:PORT');

const names = (all: Iterable<string>) => z.enum([...all] as [string, ...string[]]);

export const LabConfig = z
  .strictObject({
    $schema: z.string().optional(),
    keys: z
      .array(
        z.strictObject({
          model: names(models.keys()).optional().describe('Default: the model of the command line'),
          touch: Touch.optional(),
          transports: Transports.optional(),
          inserted: z.boolean().optional().describe('false: it lies beside the computer at first'),
          pin: z.string().min(4).max(63).optional().describe('A PIN that is set already; of test keys alone'),
          faults: z.array(names(faults.keys())).optional().describe('Deliberate misbehaviour from the beginning'),
        }),
      )
      .min(1)
      .max(1000)
      .describe('The first one is CTAPLAB_DEVICE'),
    tokens: z
      .array(
        z.strictObject({
          model: names(programmableTokenModels.map(({ name }) => name)).optional(),
          driftPpm: z.number().min(-100_000).max(100_000).optional(),
          port: z.int().min(1).max(65_535).optional().describe('Of a virtual reader (vpcd) to lie on'),
        }),
      )
      .max(1000)
      .optional(),
    clock: z.iso.datetime({ offset: true }).optional().describe('The time at which the lab begins'),
  })
  .describe('The keys and tokens of ctaplab exec');
export type LabConfig = z.infer<typeof LabConfig>;

/** The schema of the file for editors: JSON Schema 2020-12. */
export function labConfigSchema(): object {
  return { title: 'ctaplab.json', ...z.toJSONSchema(LabConfig, { target: 'draft-2020-12' }) };
}

/** @throws Failure that names the file, the place and what was expected */
export function readLabConfig(file: string): LabConfig {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new Failure('usage', `${file}: expected JSON: ${cause.message}`, undefined, { cause });
  }
  const read = LabConfig.safeParse(value);
  if (read.success) return read.data;
  throw new Failure('usage', `${file}: ${describeIssues(read.error, value)}`);
}

/** Makes what the file says in a lab that has no keys yet; a lab that was kept has its first keys already. */
export async function furnish(lab: Lab, { keys, tokens = [], clock }: LabConfig): Promise<void> {
  if (clock !== undefined) lab.clock.set(Date.parse(clock));
  for (const { model, touch, transports, inserted, pin, faults: active = [] } of keys.slice(lab.keys.size)) {
    const { key } = await lab.addKey({
      model: model === undefined ? undefined : findModel(model),
      touch: touch === undefined ? undefined : parseTouchPolicy(touch),
      transports: transports?.map(parseTransport),
      inserted,
    });
    if (pin !== undefined) await key.inside.setPin(pin);
    for (const fault of active) await key.faults.turnOn(fault);
  }
  for (const { model = 'c302-i', driftPpm = 0, port } of tokens.slice(lab.tokens.size)) {
    await lab.addToken({ model, driftPpm, port });
  }
}
