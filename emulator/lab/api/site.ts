/** The lab's own site, whose pages can have a key of the lab. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Lab } from '../lab.ts';
import { Problem } from '../problem.ts';
import { type ControlApi, findKey, json, problems } from './routes.ts';
import { KeyPath } from './schemas.ts';

const SiteLink = z
  .strictObject({
    url: z.string().openapi({ example: 'http://api-05fd68a3.duo.localhost:7003/lab-key/open?code=...' }),
  })
  .openapi('SiteLink');

const createSiteLink = createRoute({
  method: 'post',
  path: '/keys/{id}/site-links',
  summary: 'An address that opens the lab’s own site, in one browser, with pages that have this key',
  tags: ['Keys'],
  request: { params: KeyPath },
  responses: { 201: json(SiteLink, 'The address; it is good once, for ten minutes'), ...problems(404, 409) },
});

export function siteRoutes(api: ControlApi, lab: Lab): void {
  api.openapi(createSiteLink, (c) => {
    const { id } = findKey(lab, c.req.valid('param').id);
    if (lab.siteLink === undefined) throw new Problem(409, 'no_site', 'this lab runs without a site');
    return c.json({ url: lab.siteLink(id) }, 201);
  });
}
