/** FIDO metadata of the models, under the root of the lab's keys. */
import { createRoute, z } from '@hono/zod-openapi';
import { publishMetadata } from '../../attestation/metadata-blob.ts';
import { systemClock } from '../../clock.ts';
import { findModel, models } from '../../models/index.ts';
import type { Lab } from '../lab.ts';
import { type ControlApi, json, problems } from './routes.ts';

const ModelName = z.enum([...models.keys()] as [string, ...string[]]);

const getMetadata = createRoute({
  method: 'get',
  path: '/metadata',
  summary: 'What a relying party needs to accept the keys of this lab and no others',
  tags: ['Lab'],
  request: {
    query: z.strictObject({
      model: z
        .union([z.array(ModelName), ModelName.transform((name) => [name])])
        .optional()
        .openapi({
          param: { name: 'model', in: 'query', explode: true },
          type: 'array',
          items: { type: 'string', enum: [...models.keys()] },
          description: 'Default: all models',
        }),
    }),
  },
  responses: {
    200: json(
      z
        .strictObject({
          attestationRoot: z.string().openapi({ description: 'PEM: trust it for attestation' }),
          metadataRoot: z.string().openapi({ description: 'PEM: trust it for metadata' }),
          blob: z.string().openapi({ description: 'A JWS in compact form (FIDO Metadata Service 3)' }),
          statements: z.array(z.object({ description: z.string() }).catchall(z.any())),
        })
        .openapi('Metadata'),
      'The metadata',
    ),
    ...problems(),
  },
});

export function metadataRoutes(api: ControlApi, lab: Lab): void {
  api.openapi(getMetadata, async (c) => {
    const names = c.req.valid('query').model;
    const described = names === undefined ? models.values() : names.map(findModel);
    const published = await publishMetadata(lab.authority, described, systemClock.now());
    return c.json({ ...published, statements: published.statements.map((statement) => ({ ...statement })) }, 200);
  });
}
