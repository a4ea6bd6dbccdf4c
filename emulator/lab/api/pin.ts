/** What verifies the user: the PIN and the fingers; and the way back to a new key. */
import { createRoute, z } from '@hono/zod-openapi';
import { toHex } from '../../../ctap/bytes.ts';
import { CtapError } from '../../../ctap/status.ts';
import type { Lab } from '../lab.ts';
import { Problem } from '../problem.ts';
import { keyJSON } from './key-json.ts';
import { body, type ControlApi, findKey, json, problems } from './routes.ts';
import { Key, KeyPath } from './schemas.ts';

const tags = ['User verification'];

const setPin = createRoute({
  method: 'put',
  path: '/keys/{id}/pin',
  summary: 'Gives the key a PIN, whatever it had: all retries are back',
  tags,
  request: {
    params: KeyPath,
    body: body(z.strictObject({ pin: z.string().min(1).max(63) }).openapi('NewPin')),
  },
  responses: { 200: json(z.strictObject({ key: Key }), 'The key'), ...problems(404, 409) },
});

const listFingers = createRoute({
  method: 'get',
  path: '/keys/{id}/fingers',
  summary: 'The enrolled fingers',
  tags,
  request: { params: KeyPath },
  responses: {
    200: json(
      z.strictObject({
        fingers: z.array(
          z.strictObject({
            templateId: z.string(),
            finger: z.string().openapi({ description: 'What the simulated sensor calls it' }),
            name: z.string().nullable(),
          }),
        ),
      }),
      'The oldest first',
    ),
    ...problems(404, 409),
  },
});

const resetKey = createRoute({
  method: 'post',
  path: '/keys/{id}/reset',
  summary: 'Erases credentials, PIN, fingers and settings, without the key’s own reset window and touch',
  tags: ['Keys'],
  request: { params: KeyPath },
  responses: { 200: json(z.strictObject({ key: Key }), 'The key'), ...problems(404) },
});

export function pinRoutes(api: ControlApi, lab: Lab): void {
  api.openapi(setPin, async (c) => {
    const key = findKey(lab, c.req.valid('param').id);
    const { inside, model } = key.key;
    if (inside.pin === undefined) throw new Problem(409, 'no_pin', `key ${key.id} (${model.name}) has no PIN`);
    try {
      await inside.setPin(c.req.valid('json').pin);
    } catch (error) {
      if (error instanceof CtapError) throw new Problem(409, 'pin_policy', error.message);
      throw error;
    }
    return c.json({ key: keyJSON(key) }, 200);
  });
  api.openapi(listFingers, (c) => {
    const { id, key } = findKey(lab, c.req.valid('param').id);
    if (key.inside.sensor === undefined) {
      throw new Problem(409, 'no_sensor', `key ${id} (${key.model.name}) has no fingerprint sensor`);
    }
    const fingers = key.inside.fingers.map(({ id: template, finger, friendlyName = null }) => ({
      templateId: toHex(template),
      finger,
      name: friendlyName,
    }));
    return c.json({ fingers }, 200);
  });
  api.openapi(resetKey, async (c) => {
    const key = findKey(lab, c.req.valid('param').id);
    await key.key.inside.reset();
    return c.json({ key: keyJSON(key) }, 200);
  });
}
