/** The models that keys can be made as. */
import { createRoute, z } from '@hono/zod-openapi';
import { programmableTokenModels } from '../../../ctap/token2/models.ts';
import { models } from '../../models/index.ts';
import { formFactorOf } from './key-json.ts';
import { type ControlApi, json, problems } from './routes.ts';
import { FORM_FACTORS } from './schemas.ts';

const listModels = createRoute({
  method: 'get',
  path: '/models',
  summary: 'What keys and tokens can be',
  tags: ['Keys'],
  responses: {
    200: json(
      z.strictObject({
        models: z.array(
          z.strictObject({ name: z.string(), description: z.string(), formFactor: z.enum(FORM_FACTORS) }),
        ),
        tokenModels: z.array(z.strictObject({ name: z.string(), profiles: z.int() })),
      }),
      'The models',
    ),
    ...problems(),
  },
});

export function modelRoutes(api: ControlApi): void {
  api.openapi(listModels, (c) => {
    const described = Array.from(models.values(), (model) => ({
      name: model.name,
      description: model.description,
      formFactor: formFactorOf(model),
    }));
    const tokenModels = programmableTokenModels.map(({ name, profiles }) => ({ name, profiles }));
    return c.json({ models: described, tokenModels }, 200);
  });
}
