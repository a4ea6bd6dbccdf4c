/** One-time passwords of a key: what its touch types. */
import { createRoute, z } from '@hono/zod-openapi';
import { StatusWordError } from '../../../ctap/iso7816/apdu.ts';
import { MAX_DIGITS, MIN_DIGITS } from '../../../ctap/otp/hotp.ts';
import { findKeyboardLayout, readWithLayout } from '../../../ctap/otp/keyboard-layouts.ts';
import { totp } from '../../../ctap/otp/totp.ts';
import { fromModhex } from '../../../ctap/otp/yubico-otp.ts';
import { MAX_ACCOUNT, MAX_APP, MAX_SEED } from '../../../ctap/token2/otp-entries.ts';
import type { Token2OtpApplet } from '../../applets/token2-otp.ts';
import type { Lab } from '../lab.ts';
import type { LabKey } from '../lab-key.ts';
import { Problem } from '../problem.ts';
import { touched } from './presence.ts';
import { body, type ControlApi, findKey, json, problems } from './routes.ts';
import { hexadecimal, KeyPath, Press, Stroke } from './schemas.ts';

const tags = ['One-time passwords'];
const ASCII = /^[\x20-\x7e]*$/;

const YubicoSlot = z
  .strictObject({
    publicId: z
      .string()
      .regex(/^([cbdefghijklnrtuv]{2}){0,16}$/, 'expected at most 16 bytes in modhex')
      .transform(fromModhex)
      .openapi({ type: 'string', example: 'cccccccccccc' }),
    privateId: hexadecimal(6),
    key: hexadecimal(16),
  })
  .openapi('YubicoSlot', { description: 'Ids and AES key as the validation server has them' });

const Programmed = z.strictObject({ programmed: z.boolean() });

const putYubico = createRoute({
  method: 'put',
  path: '/keys/{id}/yubico-otp',
  summary: 'Gives the key a Yubico OTP to type',
  tags,
  request: { params: KeyPath, body: body(YubicoSlot) },
  responses: { 200: json(Programmed, 'It types that from now on'), ...problems(404, 409) },
});

const deleteYubico = createRoute({
  method: 'delete',
  path: '/keys/{id}/yubico-otp',
  summary: 'Takes the Yubico OTP away',
  tags,
  request: { params: KeyPath },
  responses: { 200: json(Programmed, 'It types it no more'), ...problems(404, 409) },
});

const EntryName = {
  app: z.string().max(MAX_APP).regex(ASCII, 'expected ASCII').default(''),
  account: z.string().min(1).max(MAX_ACCOUNT).regex(ASCII, 'expected ASCII'),
};

const Settings = {
  type: z.enum(['hotp', 'totp']).default('totp'),
  algorithm: z.enum(['SHA1', 'SHA256']).default('SHA1'),
  period: z.int().min(1).max(0xffff).default(30),
  digits: z.int().min(MIN_DIGITS).max(MAX_DIGITS).default(6),
  touch: z.boolean().default(false).openapi({ description: 'The key gives a code only when it is touched' }),
};

const NewEntry = z.strictObject({ ...EntryName, ...Settings, seed: hexadecimal(1, MAX_SEED) }).openapi('NewOtpEntry');

const OtpEntry = z
  .strictObject({
    app: z.string(),
    account: z.string(),
    type: z.enum(['hotp', 'totp']),
    algorithm: z.enum(['SHA1', 'SHA256']),
    period: z.int(),
    digits: z.int(),
    touch: z.boolean(),
    code: z.string().nullable().openapi({ description: 'Of a TOTP, now; an HOTP is told by the key alone' }),
    remaining: z.number().nullable().openapi({ description: 'Seconds that the code lasts' }),
  })
  .openapi('OtpEntry');

const Otp = z
  .strictObject({
    slots: z.strictObject({ hotp: z.boolean(), yubico: z.boolean() }).openapi({ description: 'What a touch types' }),
    hotpPress: z.enum(['short', 'long']),
    maxEntries: z.int(),
    entries: z.array(OtpEntry),
  })
  .openapi('Otp');
export type OtpJSON = z.infer<typeof Otp>;

const HotpSlot = z
  .strictObject({ seed: hexadecimal(1, MAX_SEED), digits: z.union([z.literal(6), z.literal(8)]).default(6) })
  .openapi('HotpSlot');

const getOtp = createRoute({
  method: 'get',
  path: '/keys/{id}/otp',
  summary: 'What a touch types, and the entries with their codes of now',
  tags,
  request: { params: KeyPath },
  responses: { 200: json(Otp, 'The one-time passwords'), ...problems(404, 409) },
});

const putHotp = createRoute({
  method: 'put',
  path: '/keys/{id}/otp/hotp',
  summary: 'Gives the key an HOTP to type, from counter 0',
  tags,
  request: { params: KeyPath, body: body(HotpSlot) },
  responses: { 200: json(Programmed, 'It types that from now on'), ...problems(404, 409) },
});

const deleteHotp = createRoute({
  method: 'delete',
  path: '/keys/{id}/otp/hotp',
  summary: 'Takes the HOTP away',
  tags,
  request: { params: KeyPath },
  responses: { 200: json(Programmed, 'It types it no more'), ...problems(404, 409) },
});

const putEntry = createRoute({
  method: 'put',
  path: '/keys/{id}/otp/entries',
  summary: 'Puts an entry into the key; one of the same name is replaced',
  tags,
  request: { params: KeyPath, body: body(NewEntry) },
  responses: { 200: json(Otp, 'What it holds now'), ...problems(404, 409) },
});

const deleteEntry = createRoute({
  method: 'delete',
  path: '/keys/{id}/otp/entries',
  summary: 'Deletes an entry',
  tags,
  request: { params: KeyPath, body: body(z.strictObject(EntryName).openapi('OtpEntryName')) },
  responses: { 200: json(Otp, 'What it holds now'), ...problems(404, 409) },
});

const typeNow = createRoute({
  method: 'post',
  path: '/keys/{id}/otp/type',
  summary: 'Touches the idle key, so that it types: what it typed',
  tags,
  request: {
    params: KeyPath,
    query: Press,
  },
  responses: {
    200: json(
      z.strictObject({
        text: z.string().openapi({ description: 'As a US keyboard layout reads it' }),
        typed: z.array(Stroke),
      }),
      'It typed',
    ),
    ...problems(404, 409),
  },
});

export function otpRoutes(api: ControlApi, lab: Lab): void {
  api.openapi(putYubico, async (c) => {
    const { key } = typingKey(lab, c.req.valid('param').id);
    await key.writeYubicoSlot(c.req.valid('json'));
    return c.json({ programmed: true }, 200);
  });
  api.openapi(deleteYubico, async (c) => {
    await typingKey(lab, c.req.valid('param').id).key.writeYubicoSlot(undefined);
    return c.json({ programmed: false }, 200);
  });
  const otpOf = (id: string, action: (otp: Token2OtpApplet) => Promise<void> = async () => {}) =>
    withOtp(typingKey(lab, id), async (otp) => {
      await action(otp);
      return otpJSON(otp, lab.clock.now() / 1000);
    });
  api.openapi(getOtp, async (c) => c.json(await otpOf(c.req.valid('param').id), 200));
  api.openapi(putHotp, async (c) => {
    const slot = c.req.valid('json');
    await otpOf(c.req.valid('param').id, (otp) => otp.slots.writeHotp(slot));
    return c.json({ programmed: true }, 200);
  });
  api.openapi(deleteHotp, async (c) => {
    await otpOf(c.req.valid('param').id, (otp) => otp.slots.writeHotp(undefined));
    return c.json({ programmed: false }, 200);
  });
  api.openapi(putEntry, async (c) => {
    const entry = c.req.valid('json');
    return c.json(await otpOf(c.req.valid('param').id, (otp) => otp.putEntry(entry)), 200);
  });
  api.openapi(deleteEntry, async (c) => {
    const name = c.req.valid('json');
    const left = await otpOf(c.req.valid('param').id, async (otp) => {
      if (!(await otp.removeEntry(name))) throw new Problem(404, 'no_such_entry', 'there is no entry of that name');
    });
    return c.json(left, 200);
  });
  api.openapi(typeNow, async (c) => {
    const key = typingKey(lab, c.req.valid('param').id);
    if (!key.idle) throw new Problem(409, 'busy', `key ${key.id} waits for a touch of another kind, or works`);
    const answer = await touched(key, c.req.valid('query').press);
    const typed = answer === false ? undefined : answer.typed;
    if (typed === undefined) throw new Problem(409, 'types_nothing', `key ${key.id} has nothing to type, or no host`);
    return c.json({ text: readWithLayout(typed, findKeyboardLayout('us')), typed: [...typed] }, 200);
  });
}

function otpJSON(otp: Token2OtpApplet, seconds: number): OtpJSON {
  return {
    slots: { hotp: otp.slots.hasHotp, yubico: otp.slots.hasYubico },
    hotpPress: otp.settings.longTouch ? 'long' : 'short',
    maxEntries: otp.maxEntries,
    entries: otp.entries().map(({ entry: { seed, ...entry } }) => {
      const shown = entry.type === 'totp' && !entry.touch;
      return {
        ...entry,
        code: shown ? totp(seed, seconds, entry) : null,
        remaining: shown ? Math.round((entry.period - (seconds % entry.period)) * 1000) / 1000 : null,
      };
    }),
  };
}

async function withOtp<T>({ id, key }: LabKey, action: (otp: Token2OtpApplet) => Promise<T>): Promise<T> {
  const running = key.withOtp(action);
  if (running === undefined) throw noKeyboard(id, key.model.name);
  try {
    return await running;
  } catch (error) {
    if (error instanceof StatusWordError) throw new Problem(409, 'otp_refused', error.message);
    throw error;
  }
}

function typingKey(lab: Lab, id: string): LabKey {
  const key = findKey(lab, id);
  if (key.key.typesPasswords) return key;
  throw noKeyboard(key.id, key.key.model.name);
}

function noKeyboard(id: string, model: string): Problem {
  return new Problem(409, 'no_keyboard', `key ${id} (${model}) types no passwords`);
}
