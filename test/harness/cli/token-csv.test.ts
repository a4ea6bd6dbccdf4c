import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../ctap/bytes.ts';
import { formatDuoList, parseTokenList } from '../../../harness/cli/token-csv.ts';

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const HEX = '3132333435363738393031323334353637383930';

describe('lists of programmable tokens', () => {
  it('are serial, secret and step, and become what Duo imports', () => {
    const rows = parseTokenList(
      `8659622000001,${SECRET},30\n\n8659622000002, ${SECRET} ,60\n8659622000003,${SECRET}\n`,
      'base32',
    );
    expect(rows[0]).toEqual({ serial: '8659622000001', secret: utf8('12345678901234567890'), period: 30 });
    expect(formatDuoList(rows)).toBe(`8659622000001,${HEX},30\n8659622000002,${HEX},60\n8659622000003,${HEX},30\n`);
    expect(parseTokenList(`a1,${HEX}`, 'hex')[0]?.secret).toEqual(utf8('12345678901234567890'));
  });

  it('are read as Token2 delivers them for Azure', () => {
    const azure = [
      '\ufeffupn,serial number,secret key,time interval,manufacturer,model',
      `"Smith, Ann",8659622000001,${SECRET.toLowerCase()},30,Token2,c101`,
      `user@example.com,8659622000002,${SECRET},60,Token2,c101`,
    ].join('\r\n');
    expect(formatDuoList(parseTokenList(azure, 'base32'))).toBe(`8659622000001,${HEX},30\n8659622000002,${HEX},60\n`);
  });

  it.each([
    ['', /^the list is empty$/],
    [`a1,${SECRET}\n,${SECRET}`, /^line 2: serial: expected 1 to 128 letters and digits, got ""$/],
    ['a1', /^line 1: secret: expected 1 to 63 bytes, got 0$/],
    [`a1,${SECRET}\n\na2,M1`, /^line 3: secret: expected base32 \(A-Z, 2-7\), character 2 is none$/],
    [`a1,${SECRET},45`, /^line 1: step: expected 30 or 60 seconds, got "45"$/],
    [`a1,${SECRET}\na1,${SECRET}`, /^line 2: serial: a1 comes twice$/],
    ['serial,step\na1,30', /^line 1: expected a column "secret key", got none$/],
    [`"a1,${SECRET}`, /^the list is no CSV: Quote Not Closed/],
    [`a1,${'A'.repeat(112)}`, /^line 1: secret: expected 1 to 63 bytes, got 70$/],
  ])('%j are refused by line and field, without the secret', (text, message) => {
    expect(() => parseTokenList(text, 'base32')).toThrow(message);
  });

  it('never show a secret that is wrong', () => {
    expect(() => parseTokenList('a1,31323g', 'hex')).toThrow(
      /^line 1: secret: expected an even number of hexadecimal digits$/,
    );
  });
});
