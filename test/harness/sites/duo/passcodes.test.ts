import { beforeEach, describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../../ctap/bytes.ts';
import { hotp } from '../../../../ctap/otp/hotp.ts';
import { totp } from '../../../../ctap/otp/totp.ts';
import { formatYubicoOtp } from '../../../../ctap/otp/yubico-otp.ts';
import { attemptPasscode } from '../../../../harness/sites/duo/domain/attempts.ts';
import { listAuthentications } from '../../../../harness/sites/duo/domain/authentication-log.ts';
import {
  assignToken,
  changeTotpStep,
  createToken,
  getToken,
  markTokenLost,
  type NewToken,
  unassignToken,
} from '../../../../harness/sites/duo/domain/hardware-tokens.ts';
import { resyncToken } from '../../../../harness/sites/duo/domain/passcodes.ts';
import { changePolicy } from '../../../../harness/sites/duo/domain/policy.ts';
import { createUser, type User } from '../../../../harness/sites/duo/domain/users.ts';
import { CONTEXT, START, type TestTenant, testTenant } from './tenant.ts';

// The secret of RFC 4226 Appendix D and RFC 6238 Appendix B.
const SECRET = new TextEncoder().encode('12345678901234567890');

let test: TestTenant;
let user: User;
beforeEach(async () => {
  test = testTenant();
  user = await createUser(test.tenant, { username: 'alice' });
  await changePolicy(test.tenant, { lockoutAttempts: 1000 });
});

async function give(token: Omit<NewToken, 'serial'>, serial = 'T1') {
  const created = await createToken(test.tenant, { secret: toHex(SECRET), ...token, serial });
  await assignToken(test.tenant, created.tokenId, user.userId);
  return created;
}

/** `accepted`, or why not. */
async function enter(passcode: string): Promise<string> {
  const result = await attemptPasscode(test.tenant, user, passcode, CONTEXT);
  return result.accepted ? 'accepted' : result.reason;
}

const code = (counter: number, digits = 6) => hotp(SECRET, counter, { digits });
const shown = (secondsFromNow: number, options = {}) => totp(SECRET, START / 1000 + secondsFromNow, options);

describe('HOTP', () => {
  it('takes the codes of RFC 4226 in their order, each once', async () => {
    await give({ type: 'h6' });
    expect(await enter('755224')).toBe('accepted');
    expect(await enter('755224')).toBe('passcode_replayed');
    expect(await enter('287082')).toBe('accepted');
    expect(await enter('755224')).toBe('invalid_passcode');
  });

  it('takes 8 digits from a token that shows 8, spaces or not', async () => {
    await give({ type: 'h8' });
    expect(await enter('755224')).toBe('invalid_passcode');
    expect(await enter('8475 5224')).toBe('accepted');
  });

  it('looks 20 codes ahead and no further', async () => {
    const token = await give({ type: 'h6' });
    expect(await enter(code(21))).toBe('invalid_passcode');
    expect(await enter(code(20))).toBe('accepted');
    expect(getToken(test.tenant, token.tokenId).nextCounter).toBe(21);
    await changePolicy(test.tenant, { hotpLookAhead: 2 });
    expect(await enter(code(24))).toBe('invalid_passcode');
    expect(await enter(code(23))).toBe('accepted');
  });

  it('begins at the counter it was imported with', async () => {
    await give({ type: 'h6', counter: 500 });
    expect(await enter(code(499))).not.toBe('accepted');
    expect(await enter(code(500))).toBe('accepted');
  });
});

describe('automatic resynchronisation', () => {
  it('takes the third of three codes in a row', async () => {
    await give({ type: 'h6' });
    expect(await enter(code(100))).toBe('invalid_passcode');
    expect(await enter(code(101))).toBe('invalid_passcode');
    expect(await enter(code(102))).toBe('accepted');
    expect(await enter(code(103))).toBe('accepted');
    expect(listAuthentications(test.tenant)[1]?.detail).toMatch(/resynchronised/);
  });

  it('can leave the third unanswered, so that the fourth is taken', async () => {
    await give({ type: 'h6' });
    await changePolicy(test.tenant, { automaticResync: 'fourth' });
    expect(await enter(code(100))).toBe('invalid_passcode');
    expect(await enter(code(101))).toBe('invalid_passcode');
    expect(await enter(code(102))).toBe('invalid_passcode');
    expect(await enter(code(103))).toBe('accepted');
  });

  it('can be off', async () => {
    await give({ type: 'h6' });
    await changePolicy(test.tenant, { automaticResync: 'off' });
    for (let counter = 100; counter < 106; counter++) expect(await enter(code(counter))).toBe('invalid_passcode');
  });

  it('does not follow codes that are interrupted, out of order or the same', async () => {
    await give({ type: 'h6' });
    for (const counter of [100, 101, 300, 102, 103, 103]) expect(await enter(code(counter))).toBe('invalid_passcode');
    expect(await enter(code(104))).toBe('invalid_passcode');
    expect(await enter(code(105))).toBe('accepted');
  });

  it('wants them within five minutes', async () => {
    await give({ type: 'h6' });
    expect(await enter(code(100))).toBe('invalid_passcode');
    test.pass(301);
    expect(await enter(code(101))).toBe('invalid_passcode');
    expect(await enter(code(102))).toBe('invalid_passcode');
    expect(await enter(code(103))).toBe('accepted');
  });

  it.each([
    [999, 'accepted'],
    [1000, 'invalid_passcode'],
  ])('judges a token that is %i codes ahead: %s', async (ahead, outcome) => {
    await give({ type: 'h6' });
    await enter(code(ahead));
    await enter(code(ahead + 1));
    expect(await enter(code(ahead + 2))).toBe(outcome);
  });
});

describe('resynchronisation by an administrator', () => {
  it('finds three codes in a row far ahead', async () => {
    const token = await give({ type: 'h6' });
    const synced = await resyncToken(test.tenant, token.tokenId, [code(5000), code(5001), code(5002)]);
    expect(synced.nextCounter).toBe(5003);
    expect(await enter(code(5002))).toBe('passcode_replayed');
    expect(await enter(code(5003))).toBe('accepted');
  });

  it('never goes back, to codes that may have been seen', async () => {
    const token = await give({ type: 'h6', counter: 50 });
    await expect(resyncToken(test.tenant, token.tokenId, [code(10), code(11), code(12)])).rejects.toMatchObject({
      code: 'refused',
    });
  });

  it('refuses codes that do not follow each other, and those that are none', async () => {
    const { tokenId } = await give({ type: 'h6' });
    const refusal = (codes: [string, string, string]) =>
      resyncToken(test.tenant, tokenId, codes).then(
        () => 'none',
        (error: { code: string; field: string }) => `${error.code} ${error.field}`,
      );
    expect(await refusal([code(100), code(101), code(103)])).toBe('refused code1');
    expect(await refusal([code(100), '12345', code(102)])).toBe('malformed code2');
  });

  it('is for HOTP alone', async () => {
    const { tokenId } = await give({ type: 't6' });
    await expect(resyncToken(test.tenant, tokenId, [code(1), code(2), code(3)])).rejects.toThrow(/Only HOTP/);
    await expect(resyncToken(test.tenant, 'DHNOBODY', [code(1), code(2), code(3)])).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('TOTP', () => {
  it.each([
    [0, 'accepted'],
    [-30, 'accepted'],
    [30, 'accepted'],
    [-60, 'invalid_passcode'],
    [60, 'invalid_passcode'],
  ])('judges a clock that is %i seconds off: %s', async (seconds, outcome) => {
    await give({ type: 't6' });
    expect(await enter(shown(seconds))).toBe(outcome);
  });

  it('takes no code twice, and no older one after it', async () => {
    await give({ type: 't8' });
    expect(await enter(shown(0, { digits: 8 }))).toBe('accepted');
    expect(await enter(shown(0, { digits: 8 }))).toBe('passcode_replayed');
    expect(await enter(shown(-30, { digits: 8 }))).toBe('passcode_replayed');
    test.pass(30);
    expect(await enter(shown(30, { digits: 8 }))).toBe('accepted');
  });

  it('does not adapt to a clock that drifts', async () => {
    await give({ type: 't6' });
    for (let drift = 0; drift <= 30; drift += 30) expect(await enter(shown(drift))).toBe('accepted');
    test.pass(90);
    expect(await enter(shown(90 + 60))).toBe('invalid_passcode');
  });

  it('counts in steps of the token', async () => {
    const { tokenId } = await give({ type: 't6', totpStep: 60 });
    expect(await enter(shown(60, { period: 60 }))).toBe('accepted');
    await changeTotpStep(test.tenant, tokenId, 30);
    expect(await enter(shown(0))).toBe('accepted');
  });

  it('has a window that policy can change', async () => {
    await give({ type: 't6' });
    await changePolicy(test.tenant, { totpSteps: 3 });
    expect(await enter(shown(-90))).toBe('accepted');
    await changePolicy(test.tenant, { totpSteps: 0 });
    test.pass(90);
    expect(await enter(shown(120))).toBe('invalid_passcode');
  });
});

describe('Yubico OTP', () => {
  const aesKey = fromHex('ecde18dbe76fbd0c33330f1c354871db');
  const privateId = fromHex('8792ebfe26cc');
  const otp = (useCounter: number, sessionCounter: number, id = privateId, key = aesKey) =>
    formatYubicoOtp(key, fromHex('0123456789ab'), {
      ...{ privateId: id, useCounter, sessionCounter, timestamp: 1, random: 7 },
    });
  beforeEach(() => give({ type: 'yk', privateId: toHex(privateId), aesKey: toHex(aesKey) }));

  it('takes passwords whose counters grow', async () => {
    expect(await enter(otp(1, 0))).toBe('accepted');
    expect(await enter(otp(1, 0))).toBe('passcode_replayed');
    expect(await enter(otp(1, 1))).toBe('accepted');
    expect(await enter(otp(2, 0))).toBe('accepted');
    expect(await enter(otp(1, 200))).toBe('passcode_replayed');
  });

  it('refuses another key and another private identity', async () => {
    expect(await enter(otp(1, 0, privateId, new Uint8Array(16)))).toBe('invalid_passcode');
    expect(await enter(otp(1, 0, fromHex('000000000001')))).toBe('invalid_passcode');
    expect(await enter('cbdefghijklnrtuv')).toBe('invalid_passcode');
  });
});

describe('tokens of a user', () => {
  it('may be several, and each is tried', async () => {
    await give({ type: 'h6' }, 'A');
    await give({ type: 't6', secret: '00'.repeat(20) }, 'B');
    expect(await enter(code(0))).toBe('accepted');
    expect(await enter(totp(new Uint8Array(20), START / 1000))).toBe('accepted');
  });

  it('serve nobody else, nor after they are taken away or lost', async () => {
    const { tokenId } = await give({ type: 'h6' });
    const bob = await createUser(test.tenant, { username: 'bob' });
    expect(await attemptPasscode(test.tenant, bob, code(0), CONTEXT)).toMatchObject({ reason: 'invalid_passcode' });
    await markTokenLost(test.tenant, tokenId, true);
    expect(await enter(code(0))).toBe('invalid_passcode');
    await markTokenLost(test.tenant, tokenId, false);
    expect(await enter(code(0))).toBe('accepted');
    await unassignToken(test.tenant, tokenId, user.userId);
    expect(await enter(code(1))).toBe('invalid_passcode');
  });

  it('are refused where policy takes no passcodes', async () => {
    await give({ type: 'h6' });
    await changePolicy(test.tenant, { passcodes: false });
    expect(await enter(code(0))).toBe('factor_restricted');
  });

  it('keep their secrets and failed codes encrypted', async () => {
    await give({ type: 'h6' });
    await enter(code(100));
    const rows = test.tenant.database.all<Record<string, Uint8Array | string>>('SELECT * FROM hardware_tokens');
    const bytes = Buffer.concat(
      rows.flatMap((row) => Object.values(row)).filter((value) => value instanceof Uint8Array),
    );
    expect(bytes.length).toBeGreaterThan(40);
    expect(bytes.includes(Buffer.from(SECRET))).toBe(false);
    expect(bytes.includes(code(100))).toBe(false);
  });
});
