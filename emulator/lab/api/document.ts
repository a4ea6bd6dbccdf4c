/** The API's own description: OpenAPI 3.1, made from the schemas that requests are checked by. */
import { createRoute, z } from '@hono/zod-openapi';
import { type ControlApi, json, problems } from './routes.ts';

const getDocument = createRoute({
  method: 'get',
  path: '/openapi.json',
  summary: 'This document',
  tags: ['Lab'],
  responses: { 200: json(z.object({ openapi: z.string() }).catchall(z.any()), 'OpenAPI 3.1'), ...problems() },
});

export function documentRoutes(api: ControlApi): void {
  let made: ReturnType<typeof apiDocument> | undefined;
  api.openapi(getDocument, (c) => {
    made ??= apiDocument(api);
    return c.json({ ...made }, 200);
  });
}

export function apiDocument(api: ControlApi) {
  api.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  return api.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'ctaplab control API',
      version: '1',
      description:
        'A running lab of virtual security keys. Loopback only; every request carries the token. Errors are problem+json.',
      license: { name: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
  });
}
