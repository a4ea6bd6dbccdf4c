/** How the panel gets its token: by a link that works once, whose code is in the part that no server is sent. */
import { randomBytes } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import { systemClock } from '../../clock.ts';
import type { Clock } from '../../environment.ts';
import { Problem } from '../problem.ts';
import { body, type ControlApi, json, problems } from './routes.ts';

export const SESSION_PATH = '/panel/session';

/** Milliseconds that an unused link lasts. */
const CODE_LIFETIME = 60 * 60 * 1000;
/** Unused links; the oldest goes where there are more. */
const MAX_CODES = 100;

export class PanelSessions {
  readonly #token: string;
  readonly #clock: Clock;
  /** Codes and when they end. */
  readonly #codes = new Map<string, number>();

  constructor(token: string, clock: Clock = systemClock) {
    this.#token = token;
    this.#clock = clock;
  }

  /** A new path of the panel, as /panel#code=..., that opens it once. */
  link(): string {
    const [oldest] = this.#codes.keys();
    if (this.#codes.size >= MAX_CODES && oldest !== undefined) this.#codes.delete(oldest);
    const code = randomBytes(32).toString('base64url');
    this.#codes.set(code, this.#clock.now() + CODE_LIFETIME);
    return `/panel#code=${code}`;
  }

  /** The token for a code that nobody has used yet. @throws Problem 403 */
  redeem(code: string): string {
    const until = this.#codes.get(code);
    this.#codes.delete(code);
    if (until !== undefined && this.#clock.now() < until) return this.#token;
    throw new Problem(403, 'wrong_code', 'expected the code of a link that was not used yet; make another link');
  }
}

const createSession = createRoute({
  method: 'post',
  path: SESSION_PATH,
  summary: 'The token for the code of a link; a code is good once',
  tags: ['Panel'],
  security: [],
  request: { body: body(z.strictObject({ code: z.string().max(200) }).openapi('SessionCode')) },
  responses: { 200: json(z.strictObject({ token: z.string() }), 'The token'), ...problems() },
});

const createLink = createRoute({
  method: 'post',
  path: '/panel/links',
  summary: 'A link that opens the panel once',
  tags: ['Panel'],
  responses: {
    201: json(z.strictObject({ path: z.string().openapi({ example: '/panel#code=...' }) }), 'The link'),
    ...problems(),
  },
});

export function sessionRoutes(api: ControlApi, sessions: PanelSessions): void {
  api.openapi(createSession, (c) => c.json({ token: sessions.redeem(c.req.valid('json').code) }, 200));
  api.openapi(createLink, (c) => c.json({ path: sessions.link() }, 201));
}
