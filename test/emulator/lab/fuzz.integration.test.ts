/** Requests made from the document itself, and then spoilt: no 500, and no answer that the document does not declare. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Contract, type Operation, type Schema } from './contract.ts';

/** Every operation as often. */
const RUNS = 25;

let contract: Contract;
beforeAll(async () => {
  contract = await Contract.open({ touch: 'auto', rateLimit: { burst: 100_000, perSecond: 100_000 } });
});
afterAll(() => contract.close());

const anything = fc.jsonValue({ maxDepth: 3 });

/** Values that fit a schema, as far as it says what fits. */
function fitting(schema: Schema): fc.Arbitrary<unknown> {
  const {
    $ref,
    type,
    enum: choices,
    anyOf,
    allOf,
    const: only,
    pattern,
  } = schema as {
    $ref?: string;
    type?: string | readonly string[];
    enum?: readonly unknown[];
    anyOf?: readonly Schema[];
    allOf?: readonly Schema[];
    const?: unknown;
    pattern?: string;
  };
  if ($ref !== undefined) return fitting(contract.document.components.schemas[$ref.split('/').at(-1)!]!);
  if (choices !== undefined) return fc.constantFrom(...choices);
  if ('const' in schema) return fc.constant(only);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(fitting));
  if (allOf !== undefined) return fitting(allOf[0]!);
  if (Array.isArray(type)) return fc.oneof(...type.map((one: string) => fitting({ ...schema, type: one })));
  switch (type) {
    case 'object':
      return fittingObject(schema);
    case 'array':
      return fc.array(fitting((schema.items as Schema | undefined) ?? {}), { maxLength: 4 });
    case 'integer':
      return fc.integer({ min: Number(schema.minimum ?? -5), max: Number(schema.maximum ?? 5000) });
    case 'number':
      return fc.double({ noNaN: true, min: Number(schema.minimum ?? -1e6), max: Number(schema.maximum ?? 1e6) });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'string':
      if (pattern !== undefined) return fc.oneof(fc.stringMatching(new RegExp(pattern)), fc.string());
      return fc.oneof(fc.string(), fc.constantFrom('1', '2', 'YWxpY2U', '0102030405', '2031-02-03T04:05:06Z', 'udp'));
    default:
      return anything;
  }
}

function fittingObject(schema: Schema): fc.Arbitrary<unknown> {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  const members = Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, fitting(member)]));
  return fc.record(members, { requiredKeys: (schema.required ?? []) as string[] });
}

/** As it is, or with something spoilt. */
function perhapsSpoilt(value: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const written = value.map((fits) => JSON.stringify(fits) ?? '');
  const spoilt = fc.oneof(
    anything.map((other) => JSON.stringify(other)),
    fc
      .tuple(value, fc.string(), anything)
      .map(([fits, name, other]) =>
        JSON.stringify(typeof fits === 'object' && !Array.isArray(fits) ? { ...fits, [name]: other } : [fits]),
      ),
    fc.tuple(written, fc.nat(200)).map(([text, end]) => text.slice(0, end)),
    fc.string(),
    fc.constantFrom(
      '{"__proto__":{"x":1}}',
      '{"constructor":1}',
      '['.repeat(40),
      '{"a":'.repeat(2000),
      '1e999',
      '"\\ud800"',
    ),
  );
  return fc.oneof({ weight: 2, arbitrary: written }, { weight: 1, arbitrary: spoilt });
}

interface Request {
  readonly path: string;
  readonly text?: string;
  readonly accept?: string;
}

function requests(template: string, { parameters = [], requestBody }: Operation): fc.Arbitrary<Request> {
  const wild = fc.oneof(fc.constantFrom('1', '2', '0', '-1', '..', '%00', '1/x', 'a'.repeat(3000)), fc.string());
  const value = (schema: Schema) => fc.oneof({ weight: 2, arbitrary: fitting(schema).map(String) }, wild);
  const steps = parameters.filter((parameter) => parameter.in === 'path');
  const path = fc
    .tuple(
      ...steps.map(({ name, schema }) =>
        fc.oneof({ weight: 3, arbitrary: fc.constantFrom('1', '2') }, name === 'id' ? wild : value(schema)),
      ),
    )
    .map((values) =>
      steps.reduce((made, { name }, i) => made.replace(`{${name}}`, encodeURIComponent(values[i]!) || '1'), template),
    );
  const queries = parameters.filter((parameter) => parameter.in === 'query' && parameter.name !== 'wait');
  const query = fc
    .tuple(
      ...queries.map(({ schema }) => fc.option(value(schema))),
      fc.option(fc.tuple(fc.string(), fc.string()), { freq: 8 }),
    )
    .map((values) => {
      const search = new URLSearchParams();
      queries.forEach(({ name }, i) => {
        const given = values[i];
        if (typeof given === 'string') search.append(name, given);
      });
      const extra = values.at(-1);
      if (Array.isArray(extra)) search.append(String(extra[0]), String(extra[1]));
      return search.size > 0 ? `?${search}` : '';
    });
  const schema = requestBody?.content['application/json']?.schema;
  const text =
    schema === undefined
      ? fc.constant(undefined)
      : fc.option(perhapsSpoilt(fitting(schema)), { nil: undefined, freq: 10 });
  const accept = fc.option(fc.constantFrom('*/*', 'application/json', 'text/html', 'application/x-pcapng'), {
    nil: undefined,
  });
  return fc.record({ path, query, text, accept }).map(({ path: place, query: search, text: body, accept: wanted }) => ({
    path: `${place}${search}`,
    ...(body === undefined ? {} : { text: body }),
    ...(wanted === undefined ? {} : { accept: wanted }),
  }));
}

describe('the control API', () => {
  it('answers whatever comes as its document says, and never fails', async () => {
    const operations = Object.entries(contract.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
    );
    const statuses = new Map<number, number>();
    for (const { path, method, operation } of operations) {
      await fc.assert(
        fc.asyncProperty(requests(path, operation), async ({ path: place, text, accept }) => {
          const carries = method !== 'GET' && text !== undefined;
          // Throws for an answer that is not declared.
          const { status } = await contract.ask(method, place, {
            ...(carries ? { text } : {}),
            ...(accept === undefined ? {} : { headers: { accept } }),
          });
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          expect(status).toBeLessThan(500);
        }),
        { numRuns: RUNS },
      );
      // A key or two to go on with, whatever was deleted or restored.
      while (contract.lab.keys.size < 2) await contract.lab.addKey();
      if (contract.lab.keys.size > 20)
        for (const id of [...contract.lab.keys.keys()].slice(2)) await contract.lab.deleteKey(id);
    }
    expect(contract.defects).toEqual([]);
    // It has been through more than the door.
    expect(statuses.get(200)).toBeGreaterThan(operations.length);
    for (const status of [201, 400, 404, 409]) expect(statuses.get(status) ?? 0).toBeGreaterThan(0);
  });
});
