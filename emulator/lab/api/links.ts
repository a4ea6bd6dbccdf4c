/** The ways that a key is plugged in by: more of them, or fewer, while it runs. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Lab } from '../lab.ts';
import { Problem } from '../problem.ts';
import { formatTransport } from '../transport.ts';
import { pluggable } from './keys.ts';
import { body, type ControlApi, findKey, json, problems } from './routes.ts';
import { KeyPath, Link, TransportText } from './schemas.ts';

const tags = ['Transports'];
/** Of one key. */
const MAX_LINKS = 8;

const attachLink = createRoute({
  method: 'post',
  path: '/keys/{id}/transports',
  summary: 'One more way to plug the key in; used at once where it is in',
  tags,
  request: { params: KeyPath, body: body(z.strictObject({ transport: TransportText }).openapi('NewLink')) },
  responses: { 201: json(Link, 'The way'), ...problems(404, 409) },
});

const detachLink = createRoute({
  method: 'delete',
  path: '/keys/{id}/transports/{link}',
  summary: 'Takes one way away, while the others stay',
  tags,
  request: {
    params: z.strictObject({
      id: z.string().openapi({ param: { name: 'id', in: 'path' }, description: 'The name of a key', example: '1' }),
      link: z.string().openapi({ param: { name: 'link', in: 'path' }, description: 'The id of a way', example: '1' }),
    }),
  },
  responses: { 200: json(z.strictObject({ detached: z.literal(true) }), 'It is gone'), ...problems(404) },
});

export function linkRoutes(api: ControlApi, lab: Lab): void {
  api.openapi(attachLink, async (c) => {
    const key = findKey(lab, c.req.valid('param').id);
    if (key.links.length >= MAX_LINKS) {
      throw new Problem(
        409,
        'too_many_transports',
        `key ${key.id} has ${key.links.length} transports, and takes no more`,
      );
    }
    const { id, choice, device = null } = await pluggable(key.addLink(c.req.valid('json').transport));
    return c.json({ id, transport: formatTransport(choice), device }, 201);
  });
  api.openapi(detachLink, async (c) => {
    const { id, link } = c.req.valid('param');
    const key = findKey(lab, id);
    if (await key.removeLink(link)) return c.json({ detached: true as const }, 200);
    throw new Problem(404, 'no_such_transport', `key ${id} has no transport ${JSON.stringify(link)}`);
  });
}
