/** Keys as files: out of a lab, and into another. */
import { createRoute, z } from '@hono/zod-openapi';
import { CtapError } from '../../../ctap/status.ts';
import { exportKey, importKey } from '../../store/export.ts';
import { StoreError } from '../../store/store-error.ts';
import type { Lab } from '../lab.ts';
import { Problem } from '../problem.ts';
import { keyJSON } from './key-json.ts';
import { body, type ControlApi, findKey, json, problems } from './routes.ts';
import { Key, KeyPath } from './schemas.ts';

const tags = ['Keys'];

export const KeyFile = z.looseObject({ format: z.literal('ctaplab-key'), version: z.literal(1) }).openapi('KeyFile', {
  description: 'What "ctaplab keys export" writes; with records it is the whole key, its secrets too',
});

const exportRoute = createRoute({
  method: 'get',
  path: '/keys/{id}/export',
  summary: 'A key as a file; with private keys it can be imported, and whoever has it has the key',
  tags,
  request: {
    params: KeyPath,
    query: z.strictObject({
      privateKeys: z
        .enum(['true', 'false'])
        .default('false')
        .openapi({ param: { name: 'privateKeys', in: 'query' } }),
    }),
  },
  responses: {
    200: json(z.object({ format: z.literal('ctaplab-key') }).catchall(z.any()), 'The file'),
    ...problems(404),
  },
});

const importRoute = createRoute({
  method: 'post',
  path: '/keys/import',
  summary: 'Makes a key of a file that has the private keys, and plugs it in',
  tags,
  request: { body: body(KeyFile) },
  responses: { 201: json(Key, 'The key'), ...problems(409) },
});

export function exportRoutes(api: ControlApi, lab: Lab): void {
  api.openapi(exportRoute, (c) => {
    const { key } = findKey(lab, c.req.valid('param').id);
    const privateKeys = c.req.valid('query').privateKeys === 'true';
    return c.json({ ...exportKey(key.environment.store, { privateKeys, now: lab.clock.now() }) }, 200);
  });
  api.openapi(importRoute, async (c) => {
    const file = c.req.valid('json');
    try {
      const key = await lab.addKey({ fill: (store) => importKey(store, file) });
      return c.json(keyJSON(key), 201);
    } catch (error) {
      if (error instanceof StoreError || error instanceof RangeError || error instanceof CtapError) {
        throw new Problem(400, 'bad_file', error.message);
      }
      if (error instanceof Error) throw new Problem(409, 'cannot_import', error.message);
      throw error;
    }
  });
}
