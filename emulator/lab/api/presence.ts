/** User presence: what a key asks, and the finger that answers. */
import { createRoute, z } from '@hono/zod-openapi';
import { KeyboardGoneError } from '../../keyboard.ts';
import type { Lab } from '../lab.ts';
import type { LabKey } from '../lab-key.ts';
import { Problem } from '../problem.ts';
import { formatTouchPolicy } from '../touch-policy.ts';
import { keyJSON, pendingJSON } from './key-json.ts';
import { body, type ControlApi, findKey, json, problems } from './routes.ts';
import { Key, KeyPath, Pending, Press, Stroke, TouchPolicyText, Wait } from './schemas.ts';

const tags = ['User presence'];

const pending = createRoute({
  method: 'get',
  path: '/keys/{id}/pending',
  summary: 'What waits for a touch; waits for that to come',
  tags,
  request: { params: KeyPath, query: Wait },
  responses: {
    200: json(z.strictObject({ pending: z.array(Pending) }), 'The questions, the oldest first; none came in time'),
    ...problems(404),
  },
});

const idle = createRoute({
  method: 'get',
  path: '/keys/{id}/idle',
  summary: 'Whether the key neither works nor asks for anything; waits for that',
  tags,
  request: { params: KeyPath, query: Wait },
  responses: { 200: json(z.strictObject({ idle: z.boolean() }), 'False: not in time'), ...problems(404) },
});

const touch = createRoute({
  method: 'post',
  path: '/keys/{id}/touch',
  summary: 'A finger on the key: answers what has waited longest, else types a password',
  tags,
  request: {
    params: KeyPath,
    query: Press,
  },
  responses: {
    200: json(
      z.strictObject({
        touched: z.literal(true),
        typed: z.array(Stroke).optional().openapi({ description: 'What it typed where nothing waited' }),
      }),
      'It was touched',
    ),
    ...problems(404, 409),
  },
});

const deny = createRoute({
  method: 'post',
  path: '/keys/{id}/deny',
  summary: 'Refuses what has waited longest',
  tags,
  request: { params: KeyPath },
  responses: { 200: json(z.strictObject({ denied: z.literal(true) }), 'It was refused'), ...problems(404, 409) },
});

const policy = createRoute({
  method: 'put',
  path: '/keys/{id}/touch-policy',
  summary: 'How the next questions are answered',
  tags,
  request: { params: KeyPath, body: body(z.strictObject({ touch: TouchPolicyText }).openapi('TouchPolicy')) },
  responses: { 200: json(z.strictObject({ key: Key }), 'The key'), ...problems(404) },
});

const Decision = z
  .union([
    z.strictObject({
      answer: z.enum(['touch', 'deny']),
      after: z.int().min(0).max(600_000).default(0).openapi({ description: 'Milliseconds after the question' }),
    }),
    z.strictObject({ answer: z.literal('ignore') }),
  ])
  .openapi('Decision', { description: 'How one question is answered; ignore: not at all, until the key gives up' });
const Decisions = z.strictObject({ decisions: z.array(Decision).max(1000) }).openapi('Decisions');

const getDecisions = createRoute({
  method: 'get',
  path: '/keys/{id}/decisions',
  summary: 'What the next questions will get, before the policy counts',
  tags,
  request: { params: KeyPath },
  responses: { 200: json(Decisions, 'The first one first'), ...problems(404) },
});

const putDecisions = createRoute({
  method: 'put',
  path: '/keys/{id}/decisions',
  summary: 'Decides the next questions beforehand, a decision for each; none empties the queue',
  tags,
  request: { params: KeyPath, body: body(Decisions) },
  responses: { 200: json(Decisions, 'The queue'), ...problems(404) },
});

export function presenceRoutes(api: ControlApi, lab: Lab): void {
  api.openapi(pending, async (c) => {
    const key = findKey(lab, c.req.valid('param').id);
    const asked = await key.pending(c.req.valid('query').wait, c.req.raw.signal);
    return c.json({ pending: asked.map(pendingJSON) }, 200);
  });
  api.openapi(idle, async (c) => {
    const key = findKey(lab, c.req.valid('param').id);
    return c.json({ idle: await key.waitIdle(c.req.valid('query').wait, c.req.raw.signal) }, 200);
  });
  api.openapi(touch, async (c) => {
    const key = findKey(lab, c.req.valid('param').id);
    const answer = await touched(key, c.req.valid('query').press);
    if (answer === false) throw nothingWaits(key);
    const { typed } = answer;
    return c.json({ touched: true as const, ...(typed === undefined ? {} : { typed: [...typed] }) }, 200);
  });
  api.openapi(deny, async (c) => {
    const key = findKey(lab, c.req.valid('param').id);
    if (!(await key.deny())) throw nothingWaits(key);
    return c.json({ denied: true as const }, 200);
  });
  api.openapi(policy, async (c) => {
    const key = findKey(lab, c.req.valid('param').id);
    await key.setTouchPolicy(c.req.valid('json').touch);
    return c.json({ key: keyJSON(key) }, 200);
  });
  api.openapi(getDecisions, (c) => {
    const { presence } = findKey(lab, c.req.valid('param').id);
    return c.json({ decisions: [...presence.decisions] }, 200);
  });
  api.openapi(putDecisions, (c) => {
    const { presence } = findKey(lab, c.req.valid('param').id);
    presence.decisions = c.req.valid('json').decisions;
    return c.json({ decisions: [...presence.decisions] }, 200);
  });
}

/** @throws Problem 409 where it was pulled out while it typed */
export async function touched(key: LabKey, press: 'short' | 'long'): ReturnType<LabKey['touch']> {
  try {
    return await key.touch(press);
  } catch (error) {
    if (error instanceof KeyboardGoneError) throw new Problem(409, 'pulled_out', `key ${key.id}: ${error.message}`);
    throw error;
  }
}

function nothingWaits(key: LabKey): Problem {
  if (!key.inserted) return new Problem(409, 'nothing_waits', `key ${key.id} is pulled out`);
  const policy = formatTouchPolicy(key.presence.policy);
  const reason = policy === 'manual' ? 'it asks for no touch now' : `it answers by itself (touch: ${policy})`;
  return new Problem(409, 'nothing_waits', `nothing waits for key ${key.id}: ${reason}`);
}
