/** The JSON Schema (2020-12) of a report, and reading one that somebody gives. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Run } from '../result.ts';

const text = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const hex = { type: 'string', pattern: '^([0-9a-f]{2})*$' } as const;
const carrier = { enum: ['hid', 'card'] } as const;
const OUTCOMES = ['passed', 'failed', 'warning', 'not-applicable', 'not-run'] as const;

function orNull(schema: object): object {
  return { anyOf: [schema, { type: 'null' }] };
}

/** An object that has these members and no other. */
function object(description: string, required: Record<string, object>, optional: Record<string, object> = {}): object {
  const properties = { ...required, ...optional };
  return { type: 'object', description, properties, required: Object.keys(required), additionalProperties: false };
}

const traffic = object('A report or an APDU.', {
  at: { type: 'number', description: 'Milliseconds since the check began.' },
  direction: { enum: ['in', 'out'], description: 'in: to the key.' },
  bytes: { ...hex, description: 'Hexadecimal; zeros at the end of a report are left out.' },
});

const result = object(
  'What came of one check.',
  {
    id: { ...text, description: 'As makeCredential.options.up.false; it stays from release to release.' },
    group: { ...text, description: 'The command or the layer.' },
    section: { ...text, description: 'The specification and its section.' },
    statement: { ...text, description: 'What must hold.' },
    severity: { enum: ['error', 'warning'], description: 'error: the specification says MUST.' },
    outcome: {
      enum: [...OUTCOMES],
      description:
        'failed: it does not hold, and must; warning: it does not hold, and should; not-applicable: the key rules it out; not-run: it applies, but was not tried.',
    },
    milliseconds: { type: 'number', minimum: 0 },
  },
  {
    reason: { ...text, description: 'Of every outcome but passed.' },
    traffic: { type: 'array', items: traffic, description: 'Of checks that were run.' },
    trafficDropped: { ...count, description: 'How many more reports there were than are kept.' },
  },
);

const key = object('The key that was judged.', {
  device: text,
  product: text,
  virtual: { type: 'boolean' },
  carrier,
  deviceVersion: orNull({ type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+$' }),
  capabilities: orNull({ ...count, description: 'Bits of CTAPHID_INIT.' }),
  versions: { type: 'array', items: text },
  aaguid: orNull({ type: 'string', pattern: '^[0-9a-f]{32}$' }),
  firmwareVersion: orNull(count),
});

export const runSchema: object = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'ctaplab conformance report',
  ...object('A run of the checks over one key.', {
    format: { const: 'ctaplab-conformance' },
    version: { const: 1 },
    program: { ...text, description: 'What made the report, with its version.' },
    startedAt: { type: 'string', description: 'ISO 8601.' },
    finishedAt: { type: 'string', description: 'ISO 8601.' },
    key,
    complete: { type: 'boolean', description: 'False where the run ended before its end.' },
    notes: { type: 'array', items: text, description: 'What else a reader has to know, as what stays on the key.' },
    counts: object('Checks by outcome.', Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count]))),
    results: { type: 'array', items: result },
  }),
};

/** Reads a report. @throws Error that says what is wrong with the file */
export function readRun(file: string): Run {
  const content = readFileSync(file, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new Error(`${file}: expected a report in JSON, got something else`, { cause });
  }
  const validate = new Ajv2020({ strict: true }).compile<Run>(runSchema);
  if (validate(value)) return value;
  const [error] = validate.errors ?? [];
  throw new Error(`${file}: expected a report, but ${error?.instancePath || 'the document'} ${error?.message}`);
}
