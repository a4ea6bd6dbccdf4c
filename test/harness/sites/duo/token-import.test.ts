import { beforeEach, describe, expect, it } from 'vitest';
import { countTokens, type TokenType } from '../../../../harness/sites/duo/domain/hardware-tokens.ts';
import { importTokens } from '../../../../harness/sites/duo/domain/token-import.ts';
import { type TestTenant, testTenant } from './tenant.ts';

const SECRET = '3132333435363738393031323334353637383930';

let test: TestTenant;
beforeEach(() => {
  test = testTenant();
});

describe('import of hardware tokens', () => {
  it.each<[TokenType, string, object[]]>([
    [
      'h6',
      `A1,${SECRET}\n\nA2, ${SECRET.toUpperCase()}, 7\r\n`,
      [{ serial: 'A1', nextCounter: 0 }, { nextCounter: 7 }],
    ],
    ['h8', `A1,${SECRET},`, [{ type: 'h8', nextCounter: 0, totpStep: undefined }]],
    ['t6', `\ufeffA1,${SECRET}\nA2,${SECRET},60`, [{ totpStep: 30 }, { totpStep: 60 }]],
    ['t8', `A1,${SECRET},45`, [{ type: 't8', totpStep: 45 }]],
    ['yk', 'A1,8792ebfe26cc,ecde18dbe76fbd0c33330f1c354871db', [{ type: 'yk', totpStep: undefined }]],
  ])('reads lists of type %s', async (type, csv, expected) => {
    const tokens = await importTokens(test.tenant, type, csv);
    expect(tokens).toMatchObject(expected);
    expect(tokens[0]?.tokenId).toMatch(/^DH[A-Z0-9]{18}$/);
    expect(countTokens(test.tenant)).toBe(expected.length);
  });

  it.each<[string, TokenType, string, RegExp]>([
    ['nothing', 'h6', ' \n', /empty/],
    ['a line without a secret', 'h6', `A1,${SECRET}\nA2`, /^Line 2: expected serial, secret/],
    ['a secret in base32', 'h6', 'A1,GEZDGNBVGY3TQOJQ', /^Line 1: secret: expected 1 to 128 bytes in hexadecimal/],
    ['a serial number with quotes', 'h6', `"A""1",${SECRET}`, /^Line 1: serial/],
    ['a counter that is none', 'h6', `A1,${SECRET},-1`, /^Line 1: counter/],
    ['a step that is none', 't6', `A1,${SECRET},half`, /^Line 1: totp_step/],
    ['a short AES key', 'yk', 'A1,8792ebfe26cc,00', /^Line 1: aes_key: expected 16 bytes/],
    ['a serial number twice', 'h6', `A1,${SECRET}\nA1,${SECRET}`, /^Line 2: .*already/],
    ['an open quote', 'h6', `"A1,${SECRET}`, /not CSV/],
  ])('refuses %s, and imports nothing', async (_, type, csv, complaint) => {
    const refusal = await importTokens(test.tenant, type, csv).then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(refusal).toMatch(complaint);
    expect(refusal).not.toContain(SECRET);
    expect(countTokens(test.tenant)).toBe(0);
  });
});
