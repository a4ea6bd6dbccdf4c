/** Fingers on the sensor of a key. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Lab } from '../lab.ts';
import { Problem } from '../problem.ts';
import { body, type ControlApi, findKey, json, problems } from './routes.ts';
import { Feedback, KeyPath } from './schemas.ts';

const present = createRoute({
  method: 'post',
  path: '/keys/{id}/fingers',
  summary: 'Puts a finger on the sensor: for what reads it now, else for what reads it next',
  tags: ['User verification'],
  request: {
    params: KeyPath,
    body: body(
      z
        .strictObject({
          finger: z.string().min(1).max(64).openapi({ example: 'thumb' }),
          feedback: Feedback.default('FP_GOOD'),
        })
        .openapi('Finger'),
    ),
  },
  responses: {
    200: json(z.strictObject({ finger: z.string(), feedback: Feedback }), 'It was put there'),
    ...problems(404, 409),
  },
});

export function fingerRoutes(api: ControlApi, lab: Lab): void {
  api.openapi(present, (c) => {
    const key = findKey(lab, c.req.valid('param').id);
    if (!key.fingerprints) {
      throw new Problem(409, 'no_sensor', `key ${key.id} (${key.key.model.name}) has no fingerprint sensor`);
    }
    const { finger, feedback } = c.req.valid('json');
    key.fingerprints.present(finger, feedback);
    return c.json({ finger, feedback }, 200);
  });
}
