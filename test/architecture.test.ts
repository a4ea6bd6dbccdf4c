import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser';
import { afterEach, describe, expect, it } from 'vitest';

const { forbidden, options } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as IConfiguration;

/** What breaks the rules below `baseDir`, as "rule: from -> to". */
async function violations(baseDir: string): Promise<string[]> {
  const { output } = await cruise(['ctap', 'emulator', 'harness'], {
    ...options,
    baseDir,
    ruleSet: { forbidden: forbidden ?? [] },
    validate: true,
  });
  const { summary } = output as ICruiseResult;
  if (summary.totalCruised === 0) throw new Error(`expected modules below ${baseDir}, found none`);
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`).sort();
}

let planted: string | undefined;

/** A small house of its own, with these files in it. */
function house(files: Record<string, string>): string {
  planted = mkdtempSync(join(tmpdir(), 'ctaplab-house-'));
  const base = {
    'package.json': '{"type":"module"}',
    'ctap/a.ts': 'export type A = 1;',
    'emulator/b.ts': "import type { A } from '../ctap/a.ts';\nexport type B = A;",
    'harness/client/c.ts': "import type { A } from '../../ctap/a.ts';\nexport type C = A;",
  };
  for (const [name, text] of Object.entries({ ...base, ...files })) {
    const path = join(planted, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return planted;
}

afterEach(() => {
  if (planted !== undefined) rmSync(planted, { recursive: true });
  planted = undefined;
});

describe('the floors', () => {
  it('has no import that goes up or in a circle', async () => {
    expect(await violations(resolve(import.meta.dirname, '..'))).toEqual([]);
  });

  it('finds nothing in a house in order', async () => {
    expect(await violations(house({}))).toEqual([]);
  });

  it.each([
    [
      'ctap that knows the emulator, by a type alone',
      { 'ctap/up.ts': "import type { B } from '../emulator/b.ts';\nexport type Up = B;" },
      ['ctap-stands-alone: ctap/up.ts -> emulator/b.ts'],
    ],
    [
      'ctap with a module of Node',
      { 'ctap/io.ts': "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;" },
      ['ctap-runs-in-a-browser: ctap/io.ts -> fs'],
    ],
    [
      'an emulator that loads the harness late',
      { 'emulator/up.ts': "export const load = () => import('../harness/client/c.ts');" },
      ['emulator-on-ctap: emulator/up.ts -> harness/client/c.ts'],
    ],
    [
      'a client that reaches the emulator through another module',
      {
        'harness/middle.ts': "export type { B } from '../emulator/b.ts';",
        'harness/client/sly.ts': "import type { B } from '../middle.ts';\nexport type Sly = B;",
      },
      ['clients-drive-any-key: harness/client/sly.ts -> emulator/b.ts'],
    ],
    [
      'two modules that need each other',
      {
        'ctap/one.ts': "import { two } from './two.ts';\nexport const one = () => two;",
        'ctap/two.ts': "import { one } from './one.ts';\nexport const two = () => one;",
      },
      ['no-cycles: ctap/one.ts -> ctap/two.ts'],
    ],
    [
      'an import of nothing',
      { 'emulator/lost.ts': "export * from './gone.ts';" },
      ['everything-resolves: emulator/lost.ts -> ./gone.ts'],
    ],
    [
      'a package that nobody installs',
      { 'harness/dep.ts': "export * from 'left-out';" },
      ['everything-resolves: harness/dep.ts -> left-out'],
    ],
  ])('catches %s', async (_, files, expected) => {
    expect(await violations(house(files))).toEqual(expected);
  });
});
