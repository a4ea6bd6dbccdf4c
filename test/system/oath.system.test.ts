/** One-time passwords and keyboard layouts against the programs that others compute and read them with. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../ctap/bytes.ts';
import { hotp } from '../../ctap/otp/hotp.ts';
import { keyboardLayouts } from '../../ctap/otp/keyboard-layouts.ts';
import { totp } from '../../ctap/otp/totp.ts';

/** Runs many command lines in one shell; resolves to what each printed, a line each. */
function shell(lines: readonly string[]): string[] {
  const { stdout, stderr, status } = spawnSync('sh', ['-e'], {
    input: lines.join('\n'),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`expected the commands to succeed, status ${status}: ${stderr}`);
  return stdout.trimEnd().split('\n');
}

describe('oathtool', () => {
  it('computes the same TOTP for 1000 random seeds, algorithms, digits, periods and times', () => {
    const cases = fc.sample(
      fc.record({
        secret: fc.uint8Array({ minLength: 1, maxLength: 64 }),
        algorithm: fc.constantFrom('SHA1' as const, 'SHA256' as const, 'SHA512' as const),
        digits: fc.integer({ min: 6, max: 8 }),
        period: fc.integer({ min: 1, max: 3600 }),
        seconds: fc.integer({ min: 0, max: 20_000_000_000 }),
      }),
      1000,
    );
    const commands = cases.map(
      ({ secret, algorithm, digits, period, seconds }) =>
        `oathtool --totp=${algorithm} -d ${digits} -s ${period}s -N @${seconds} ${toHex(secret)}`,
    );
    expect(shell(commands)).toEqual(cases.map(({ secret, seconds, ...options }) => totp(secret, seconds, options)));
  });

  it('computes the same HOTP for 200 random seeds and counters', () => {
    const cases = fc.sample(
      fc.record({
        secret: fc.uint8Array({ minLength: 1, maxLength: 64 }),
        digits: fc.integer({ min: 6, max: 8 }),
        counter: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      }),
      200,
    );
    const commands = cases.map(
      ({ secret, digits, counter }) => `oathtool --hotp -d ${digits} -c ${counter} ${toHex(secret)}`,
    );
    expect(shell(commands)).toEqual(cases.map(({ secret, counter, digits }) => hotp(secret, counter, { digits })));
  });
});

describe('xkeyboard-config', () => {
  it('reads from each key what the table of layouts says', () => {
    const { stdout, stderr, status } = spawnSync(
      'python3',
      ['test/system/python/xkb_layouts.py', ...keyboardLayouts.keys()],
      {
        encoding: 'utf8',
      },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const read = JSON.parse(stdout) as Record<
      string,
      { plain: string; shifted: string; topRow: string; shiftedTopRow: string }
    >;
    for (const { name, letters, capitals = letters.toUpperCase(), topRow, shiftedTopRow } of keyboardLayouts.values()) {
      expect({ name, ...read[name] }).toEqual({ name, plain: letters, shifted: capitals, topRow, shiftedTopRow });
    }
  });
});
