/** Keys: which there are, new ones, in and out. */
import { createRoute, z } from '@hono/zod-openapi';
import { findModel, models } from '../../models/index.ts';
import type { Lab } from '../lab.ts';
import { Problem } from '../problem.ts';
import { keyJSON } from './key-json.ts';
import { body, type ControlApi, findKey, json, problems } from './routes.ts';
import { Changed, Key, KeyPath, TouchPolicyText, TransportText } from './schemas.ts';

const tags = ['Keys'];

const health = createRoute({
  method: 'get',
  path: '/health',
  summary: 'Whether the lab runs',
  tags: ['Lab'],
  responses: {
    200: json(z.strictObject({ status: z.literal('ok'), keys: z.int() }).openapi('Health'), 'It does'),
    ...problems(),
  },
});

const listKeys = createRoute({
  method: 'get',
  path: '/keys',
  summary: 'All keys',
  tags,
  responses: { 200: json(z.strictObject({ keys: z.array(Key) }), 'The keys'), ...problems() },
});

const NewKey = z
  .strictObject({
    model: z
      .enum([...models.keys()] as [string, ...string[]])
      .optional()
      .openapi({ description: 'Default: the model of the lab' }),
    touch: TouchPolicyText.optional(),
    transports: z.array(TransportText).max(8).optional(),
    inserted: z.boolean().default(true),
  })
  .openapi('NewKey');

const createKey = createRoute({
  method: 'post',
  path: '/keys',
  summary: 'Makes a key, and plugs it in',
  tags,
  request: { body: body(NewKey) },
  responses: { 201: json(Key, 'The new key'), ...problems(409) },
});

const getKey = createRoute({
  method: 'get',
  path: '/keys/{id}',
  summary: 'One key',
  tags,
  request: { params: KeyPath },
  responses: { 200: json(Key, 'The key'), ...problems(404) },
});

const deleteKey = createRoute({
  method: 'delete',
  path: '/keys/{id}',
  summary: 'Pulls a key out, and forgets it with all that it holds',
  tags,
  request: { params: KeyPath },
  responses: { 200: json(z.strictObject({ deleted: z.literal(true) }), 'It is gone'), ...problems(404) },
});

const insertKey = createRoute({
  method: 'post',
  path: '/keys/{id}/insert',
  summary: 'Plugs a key in: its power-up',
  tags,
  request: { params: KeyPath },
  responses: { 200: json(Changed, 'It is in; changed where it was not'), ...problems(404, 409) },
});

const removeKey = createRoute({
  method: 'post',
  path: '/keys/{id}/remove',
  summary: 'Pulls a key out, in the middle of whatever it does',
  tags,
  request: { params: KeyPath },
  responses: { 200: json(Changed, 'It is out; changed where it was in'), ...problems(404) },
});

export function keyRoutes(api: ControlApi, lab: Lab): void {
  api.openapi(health, (c) => c.json({ status: 'ok' as const, keys: lab.keys.size }, 200));
  api.openapi(listKeys, (c) => c.json({ keys: [...lab.keys.values()].map(keyJSON) }, 200));
  api.openapi(createKey, async (c) => {
    const { model, ...options } = c.req.valid('json');
    const key = await pluggable(
      lab.addKey({ ...options, ...(model === undefined ? {} : { model: findModel(model) }) }),
    );
    return c.json(keyJSON(key), 201);
  });
  api.openapi(getKey, (c) => c.json(keyJSON(findKey(lab, c.req.valid('param').id)), 200));
  api.openapi(deleteKey, async (c) => {
    const { id } = findKey(lab, c.req.valid('param').id);
    await lab.deleteKey(id);
    return c.json({ deleted: true as const }, 200);
  });
  api.openapi(insertKey, async (c) => {
    const key = findKey(lab, c.req.valid('param').id);
    const changed = await pluggable(key.insert());
    return c.json({ changed, key: keyJSON(key) }, 200);
  });
  api.openapi(removeKey, async (c) => {
    const key = findKey(lab, c.req.valid('param').id);
    const changed = await key.remove();
    return c.json({ changed, key: keyJSON(key) }, 200);
  });
}

/** A port that is taken, a reader that does not run, a folder that is full: what the machine refuses is no defect. */
export async function pluggable<T>(plugging: Promise<T>): Promise<T> {
  try {
    return await plugging;
  } catch (error) {
    if (error instanceof Error) throw new Problem(409, 'cannot_plug_in', error.message);
    throw error;
  }
}
