/** Fingers on the sensor of a key. */
import { createRoute, z } from '@hono/zod-openapi';
import type { PresentedFingerprints } from '../../fingerprint.ts';
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

const lift = createRoute({
  method: 'delete',
  path: '/keys/{id}/fingers',
  summary: 'Takes away the fingers that nothing has read yet',
  tags: ['User verification'],
  request: { params: KeyPath },
  responses: {
    200: json(z.strictObject({ waiting: z.literal(0) }), 'None waits for a reading any more'),
    ...problems(404, 409),
  },
});

export function fingerRoutes(api: ControlApi, lab: Lab): void {
  const sensorOf = (id: string): PresentedFingerprints => {
    const { fingerprints, key } = findKey(lab, id);
    if (fingerprints) return fingerprints;
    throw new Problem(409, 'no_sensor', `key ${id} (${key.model.name}) has no fingerprint sensor`);
  };
  api.openapi(present, (c) => {
    const { finger, feedback } = c.req.valid('json');
    sensorOf(c.req.valid('param').id).present(finger, feedback);
    return c.json({ finger, feedback }, 200);
  });
  api.openapi(lift, (c) => {
    sensorOf(c.req.valid('param').id).clear();
    return c.json({ waiting: 0 } as const, 200);
  });
}
