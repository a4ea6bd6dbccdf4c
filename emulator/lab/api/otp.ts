/** One-time passwords of a key: what its touch types. */
import { createRoute, z } from '@hono/zod-openapi';
import { fromHex } from '../../../ctap/bytes.ts';
import { fromModhex } from '../../../ctap/otp/yubico-otp.ts';
import type { Lab } from '../lab.ts';
import type { LabKey } from '../lab-key.ts';
import { Problem } from '../problem.ts';
import { body, type ControlApi, findKey, json, problems } from './routes.ts';
import { KeyPath } from './schemas.ts';

const tags = ['One-time passwords'];

const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^([0-9a-fA-F]{2}){${bytes}}$`), `expected ${bytes} bytes in hexadecimal`)
    .transform(fromHex)
    .openapi({ type: 'string' });

const YubicoSlot = z
  .strictObject({
    publicId: z
      .string()
      .regex(/^([cbdefghijklnrtuv]{2}){0,16}$/, 'expected at most 16 bytes in modhex')
      .transform(fromModhex)
      .openapi({ type: 'string', example: 'cccccccccccc' }),
    privateId: hex(6),
    key: hex(16),
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
}

function typingKey(lab: Lab, id: string): LabKey {
  const key = findKey(lab, id);
  if (key.key.typesPasswords) return key;
  throw new Problem(409, 'no_keyboard', `key ${key.id} (${key.key.model.name}) types no passwords`);
}
