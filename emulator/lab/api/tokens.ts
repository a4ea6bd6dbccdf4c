/** Programmable tokens: what their display shows, and how their clock runs. */
import { createRoute, z } from '@hono/zod-openapi';
import { programmableTokenModels } from '../../../ctap/token2/models.ts';
import { MAX_TITLE, MAX_TOKEN_SEED } from '../../../ctap/token2/programmable-token.ts';
import type { Lab } from '../lab.ts';
import type { LabToken } from '../lab-token.ts';
import { Problem } from '../problem.ts';
import { MOMENT, momentOf } from './clock.ts';
import { pluggable } from './keys.ts';
import { body, type ControlApi, json, problems } from './routes.ts';
import { hexadecimal } from './schemas.ts';
import { Token, tokenJSON } from './token-json.ts';

const tags = ['Programmable tokens'];

const Drift = z.number().min(-100_000).max(100_000).openapi({ description: 'Parts per million; positive: fast' });

const TokenPath = z.strictObject({
  id: z.string().openapi({ param: { name: 'id', in: 'path' }, description: 'The name of a token', example: '1' }),
});

const NewToken = z
  .strictObject({
    model: z.enum(programmableTokenModels.map(({ name }) => name) as [string, ...string[]]).default('c302-i'),
    driftPpm: Drift.default(0),
    timeSync: z.enum(['restricted', 'unrestricted']).optional().openapi({ description: 'Default: as the model' }),
    port: z.int().min(1).max(65_535).optional().openapi({ description: 'Of a virtual reader (vpcd) to lie on' }),
  })
  .openapi('NewToken');

const Fill = z
  .strictObject({
    profile: z.int().min(0).max(99).default(0),
    seed: hexadecimal(1, MAX_TOKEN_SEED).nullable().optional().openapi({ description: 'In hexadecimal; null: none' }),
    title: z.string().max(MAX_TITLE).optional(),
    algorithm: z.enum(['SHA1', 'SHA256']).optional(),
    period: z.union([z.literal(30), z.literal(60)]).optional(),
    digits: z.union([z.literal(4), z.literal(6), z.literal(8), z.literal(10)]).optional(),
  })
  .openapi('TokenFill');

const ClockOfToken = z
  .strictObject({
    driftPpm: Drift.optional().openapi({ description: 'From now on' }),
    sync: z.literal(true).optional().openapi({ description: 'Set to the time of the lab' }),
    set: MOMENT.optional(),
  })
  .refine((change) => Object.keys(change).length === 1, 'expected exactly one of driftPpm, sync, set')
  .openapi('TokenClockChange', { minProperties: 1, maxProperties: 1 });

const one = { 200: json(Token, 'The token'), ...problems(404) } as const;

const listTokens = createRoute({
  method: 'get',
  path: '/tokens',
  summary: 'All programmable tokens',
  tags,
  responses: { 200: json(z.strictObject({ tokens: z.array(Token) }), 'The tokens'), ...problems() },
});

const createToken = createRoute({
  method: 'post',
  path: '/tokens',
  summary: 'Makes a programmable token',
  tags,
  request: { body: body(NewToken) },
  responses: { 201: json(Token, 'The new token'), ...problems(409) },
});

const getToken = createRoute({
  method: 'get',
  path: '/tokens/{id}',
  summary: 'One token, with what its display shows',
  tags,
  request: { params: TokenPath },
  responses: one,
});

const deleteToken = createRoute({
  method: 'delete',
  path: '/tokens/{id}',
  summary: 'Forgets a token',
  tags,
  request: { params: TokenPath },
  responses: { 200: json(z.strictObject({ deleted: z.literal(true) }), 'It is gone'), ...problems(404) },
});

const fillToken = createRoute({
  method: 'put',
  path: '/tokens/{id}/profile',
  summary: 'Fills a profile as its maker does: seed, title, configuration',
  tags,
  request: { params: TokenPath, body: body(Fill) },
  responses: { 200: one[200], ...problems(404, 409) },
});

const setClock = createRoute({
  method: 'put',
  path: '/tokens/{id}/clock',
  summary: 'How fast its crystal runs, or what its clock shows',
  tags,
  request: { params: TokenPath, body: body(ClockOfToken) },
  responses: { 200: one[200], ...problems(404, 409) },
});

const press = createRoute({
  method: 'post',
  path: '/tokens/{id}/press',
  summary: 'Presses its button, which confirms what waits for that',
  tags,
  request: { params: TokenPath },
  responses: {
    200: json(z.strictObject({ confirmed: z.boolean(), token: Token }), 'confirmed: something waited'),
    ...problems(404),
  },
});

export function tokenRoutes(api: ControlApi, lab: Lab): void {
  api.openapi(listTokens, (c) => c.json({ tokens: [...lab.tokens.values()].map(tokenJSON) }, 200));
  api.openapi(createToken, async (c) => {
    const token = await pluggable(lab.addToken(c.req.valid('json')));
    return c.json(tokenJSON(token), 201);
  });
  api.openapi(getToken, (c) => c.json(tokenJSON(findToken(lab, c.req.valid('param').id)), 200));
  api.openapi(deleteToken, async (c) => {
    const { id } = findToken(lab, c.req.valid('param').id);
    await lab.deleteToken(id);
    return c.json({ deleted: true as const }, 200);
  });
  api.openapi(fillToken, async (c) => {
    const token = findToken(lab, c.req.valid('param').id);
    await fill(token, c.req.valid('json'));
    return c.json(tokenJSON(token), 200);
  });
  api.openapi(setClock, async (c) => {
    const token = findToken(lab, c.req.valid('param').id);
    const { driftPpm, set } = c.req.valid('json');
    if (driftPpm !== undefined) await pluggable(token.setDrift(driftPpm));
    else await token.sync(set === undefined ? undefined : momentOf(set) / 1000);
    return c.json(tokenJSON(token), 200);
  });
  api.openapi(press, async (c) => {
    const token = findToken(lab, c.req.valid('param').id);
    const confirmed = await token.token.press();
    token.changed();
    return c.json({ confirmed, token: tokenJSON(token) }, 200);
  });
}

async function fill(lab: LabToken, { profile, seed, title, ...wanted }: z.infer<typeof Fill>): Promise<void> {
  const { model, token } = lab;
  if (profile >= model.profiles) {
    throw new Problem(409, 'no_such_profile', `expected a profile below ${model.profiles}, got ${profile}`);
  }
  const { config } = token.profile(profile);
  const changes = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
  if (model.profiles === 1 && wanted.digits !== undefined && wanted.digits !== 6) {
    throw new Problem(409, 'six_digits', `expected 6 digits: a ${model.name} shows no others, got ${wanted.digits}`);
  }
  await token.fill(profile, {
    config: { ...config, ...changes },
    configured: true,
    ...(seed === undefined ? {} : { seed: seed ?? undefined }),
    ...(title === undefined ? {} : { title }),
  });
  lab.changed();
}

function findToken(lab: Lab, id: string): LabToken {
  const token = lab.tokens.get(id);
  if (token !== undefined) return token;
  const names = [...lab.tokens.keys()].slice(0, 20).join(', ');
  throw new Problem(404, 'no_such_token', `there is no token ${JSON.stringify(id)}; tokens: ${names || 'none'}`);
}
