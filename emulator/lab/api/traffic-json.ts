/** What goes over the wire, as the API shows it. */
import { z } from '@hono/zod-openapi';
import { toHex } from '../../../ctap/bytes.ts';
import type { Traffic } from '../../../ctap/trace/traffic.ts';

export const TrafficEntry = z
  .strictObject({
    at: z.iso.datetime().openapi({ description: 'By the clock of the lab' }),
    plug: z.int().openapi({ description: 'Tells one plugging in from another' }),
    direction: z.enum(['in', 'out']).openapi({ description: 'Seen from the key' }),
    report: z.string().optional().openapi({ description: 'A HID report, in hexadecimal' }),
    apdu: z.string().optional().openapi({ description: 'A command APDU, or its answer, in hexadecimal' }),
  })
  .openapi('TrafficEntry');
export type TrafficJSON = z.infer<typeof TrafficEntry>;

export function trafficJSON(traffic: Traffic): TrafficJSON {
  const { at, plug, direction } = traffic;
  const bytes = 'report' in traffic ? { report: toHex(traffic.report) } : { apdu: toHex(traffic.apdu) };
  return { at: new Date(at).toISOString(), plug, direction, ...bytes };
}
