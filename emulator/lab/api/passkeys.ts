/** The passkeys of a key, through its own store: no PIN and no touch. */
import { createRoute, z } from '@hono/zod-openapi';
import { toBase64Url } from '../../../ctap/bytes.ts';
import type { DiscoverableCredential } from '../../authenticator/credential-records.ts';
import { PasskeyRefused } from '../../inside/passkeys.ts';
import { passkeyOwnerJSON } from '../../store/passkey-json.ts';
import type { Lab } from '../lab.ts';
import { Problem } from '../problem.ts';
import { body, type ControlApi, findKey, json, problems } from './routes.ts';
import { Base64Url, KeyPath } from './schemas.ts';

const tags = ['Passkeys'];

const Passkey = z
  .strictObject({
    credentialId: z.string().openapi({ description: 'base64url' }),
    rp: z.strictObject({ id: z.string(), name: z.string().optional() }),
    user: z.strictObject({ id: z.string(), name: z.string().optional(), displayName: z.string().optional() }),
    algorithm: z.int().openapi({ description: 'COSE' }),
    publicKey: z.string().openapi({ description: 'As the key keeps it, in base64url' }),
    credProtect: z.int(),
  })
  .openapi('Passkey', { description: 'Names come from sites: show them as text only' });
export type PasskeyJSON = z.infer<typeof Passkey>;

const NewPasskey = z
  .strictObject({
    rp: z.strictObject({ id: z.string().min(1).max(253), name: z.string().max(64).optional() }),
    user: z.strictObject({
      id: Base64Url.refine((bytes) => bytes.length >= 1 && bytes.length <= 64, 'expected 1 to 64 bytes'),
      name: z.string().max(64).optional(),
      displayName: z.string().max(64).optional(),
    }),
    algorithm: z.int().optional(),
    credProtect: z.union([z.literal(1), z.literal(2), z.literal(3)]).optional(),
  })
  .openapi('NewPasskey');

const listPasskeys = createRoute({
  method: 'get',
  path: '/keys/{id}/passkeys',
  summary: 'The discoverable credentials, the oldest first',
  tags,
  request: { params: KeyPath },
  responses: {
    200: json(z.strictObject({ passkeys: z.array(Passkey), most: z.int() }), 'most: how many may be there'),
    ...problems(404),
  },
});

const addPasskey = createRoute({
  method: 'post',
  path: '/keys/{id}/passkeys',
  summary: 'Makes a passkey; one of the same user at the same site is replaced',
  tags,
  request: { params: KeyPath, body: body(NewPasskey) },
  responses: {
    201: json(Passkey, 'The passkey'),
    ...problems(404, 409),
  },
});

const deletePasskey = createRoute({
  method: 'delete',
  path: '/keys/{id}/passkeys/{credentialId}',
  summary: 'Deletes a passkey',
  tags,
  request: {
    params: z.strictObject({
      id: z.string().openapi({ param: { name: 'id', in: 'path' }, description: 'The name of a key', example: '1' }),
      credentialId: Base64Url.openapi({ param: { name: 'credentialId', in: 'path' } }),
    }),
  },
  responses: { 200: json(z.strictObject({ deleted: z.literal(true) }), 'It is gone'), ...problems(404) },
});

export function passkeyRoutes(api: ControlApi, lab: Lab): void {
  api.openapi(listPasskeys, (c) => {
    const { inside, model } = findKey(lab, c.req.valid('param').id).key;
    return c.json({ passkeys: inside.passkeys.list().map(passkeyJSON), most: model.maxDiscoverableCredentials }, 200);
  });
  api.openapi(addPasskey, async (c) => {
    const { inside } = findKey(lab, c.req.valid('param').id).key;
    const { algorithm: alg, ...wanted } = c.req.valid('json');
    try {
      const made = await inside.passkeys.add({ ...wanted, alg });
      return c.json(passkeyJSON(made), 201);
    } catch (error) {
      if (error instanceof PasskeyRefused) throw new Problem(409, 'passkey_refused', error.message);
      throw error;
    }
  });
  api.openapi(deletePasskey, async (c) => {
    const { id, credentialId } = c.req.valid('param');
    if (await findKey(lab, id).key.inside.passkeys.delete(credentialId)) return c.json({ deleted: true as const }, 200);
    throw new Problem(404, 'no_such_passkey', `key ${id} has no passkey ${toBase64Url(credentialId)}`);
  });
}

function passkeyJSON(credential: DiscoverableCredential): PasskeyJSON {
  const { publicKey, credProtect } = credential;
  return {
    ...passkeyOwnerJSON(credential),
    publicKey: toBase64Url(publicKey),
    credProtect,
  };
}
