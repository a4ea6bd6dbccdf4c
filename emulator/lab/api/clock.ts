/** The clock that all keys and tokens of a lab go by. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Lab } from '../lab.ts';
import type { LabClock } from '../lab-clock.ts';
import { body, type ControlApi, json, problems } from './routes.ts';

const tags = ['Clock'];
/** Milliseconds: 1970 to 9999. */
const LAST_MOMENT = 253_402_300_799_999;

export const ClockSchema = z
  .strictObject({
    now: z.iso.datetime(),
    frozen: z.boolean(),
    offset: z.int().openapi({ description: 'Milliseconds by which it is ahead of the system’s clock' }),
  })
  .openapi('Clock');
export type ClockJSON = z.infer<typeof ClockSchema>;

export const MOMENT = z.iso.datetime({ offset: true });

const ClockChange = z
  .strictObject({
    set: z.iso.datetime({ offset: true }).optional().openapi({ description: 'A moment; timers until then fire' }),
    advance: z.int().min(0).max(LAST_MOMENT).optional().openapi({ description: 'Milliseconds' }),
    frozen: z.boolean().optional(),
    system: z.literal(true).optional().openapi({ description: 'Back to the system’s clock' }),
  })
  .refine((change) => Object.keys(change).length === 1, 'expected exactly one of set, advance, frozen, system')
  .openapi('ClockChange', { minProperties: 1, maxProperties: 1 });

const getClock = createRoute({
  method: 'get',
  path: '/clock',
  summary: 'The time of the lab',
  tags,
  responses: { 200: json(ClockSchema, 'The clock'), ...problems() },
});

const changeClock = createRoute({
  method: 'put',
  path: '/clock',
  summary: 'Sets it, moves it on, stops it or lets it run',
  tags,
  request: { body: body(ClockChange) },
  responses: { 200: json(ClockSchema, 'The clock'), ...problems() },
});

export function clockRoutes(api: ControlApi, lab: Lab): void {
  const { clock, events } = lab;
  api.openapi(getClock, (c) => c.json(clockJSON(clock), 200));
  api.openapi(changeClock, (c) => {
    const { set, advance, frozen, system } = c.req.valid('json');
    if (set !== undefined) clock.set(momentOf(set));
    else if (advance !== undefined) clock.set(Math.min(clock.now() + advance, LAST_MOMENT));
    else if (system) clock.reset();
    else if (frozen) clock.freeze();
    else clock.unfreeze();
    events.emit({ type: 'clock' });
    return c.json(clockJSON(clock), 200);
  });
}

/** Milliseconds of a moment, from 1970 to 9999. */
export function momentOf(text: string): number {
  return Math.min(Math.max(0, Date.parse(text)), LAST_MOMENT);
}

export function clockJSON(clock: LabClock): ClockJSON {
  const { now, frozen, offset } = clock.state;
  return { now: new Date(now).toISOString(), frozen, offset: Math.round(offset) };
}
