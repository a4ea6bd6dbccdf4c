/** An entry of a trace, as the decoder gives it. */
import { z } from '@hono/zod-openapi';

export const Entry = z
  .strictObject({
    entry: z.int(),
    at: z.number().openapi({ description: 'Milliseconds of the lab’s clock' }),
    plug: z.int(),
    direction: z.enum(['in', 'out']),
    type: z.enum(['command', 'answer', 'fragment']),
    carrier: z.enum(['ctaphid', 'token2', 'apdu']),
    channel: z.string().optional(),
    transaction: z.int().optional(),
    protocol: z.enum(['ctaphid', 'ctap2', 'u2f', 'token2-otp', 'oath', 'iso7816']),
    name: z.string(),
    subcommand: z.string().optional(),
    status: z.string().optional(),
    failed: z.boolean().optional(),
    duration: z.number().optional(),
    keepalives: z.strictObject({ processing: z.int(), upNeeded: z.int() }).optional(),
    fields: z.record(z.string(), z.unknown()).optional(),
    bytes: z.int(),
    packets: z.int(),
    hex: z.string(),
    problems: z.array(z.string()).optional(),
  })
  .openapi('TraceEntry', { description: 'One message. A secret is {"hidden": BYTES} in fields, and ** in hex' });
