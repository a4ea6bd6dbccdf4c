/** What was said between hosts and a key: decoded, or as a capture that Wireshark opens. Secrets are hidden when decoded. */
import { createRoute, z } from '@hono/zod-openapi';
import { encodeUsbCapture } from '../../../ctap/trace/capture/usb-writer.ts';
import { decodeTrace } from '../../../ctap/trace/decoder.ts';
import type { Lab } from '../lab.ts';
import { Problem } from '../problem.ts';
import { type ControlApi, findKey, json, problems } from './routes.ts';
import { KeyPath } from './schemas.ts';
import type { TraceLog } from './trace-log.ts';
import { Entry } from './trace-schema.ts';

const tags = ['Traces'];
const PCAPNG = 'application/x-pcapng';

const getTrace = createRoute({
  method: 'get',
  path: '/keys/{id}/trace',
  summary: 'What was said lately; as JSON, or as pcapng by Accept or ?format=',
  description: 'The capture holds the bytes as they went by; PINs and tokens are encrypted in them by the protocol.',
  tags,
  request: {
    params: KeyPath,
    query: z.strictObject({
      format: z
        .enum(['json', 'pcapng'])
        .optional()
        .openapi({ param: { name: 'format', in: 'query' } }),
    }),
  },
  responses: {
    200: {
      description: 'The conversation, the oldest message first',
      content: {
        'application/json': { schema: z.strictObject({ entries: z.array(Entry) }).openapi('Trace') },
        [PCAPNG]: { schema: z.string().openapi({ format: 'binary' }) },
      },
    },
    ...problems(404, 406),
  },
});

const clearTrace = createRoute({
  method: 'delete',
  path: '/keys/{id}/trace',
  summary: 'Forgets what was said',
  tags,
  request: { params: KeyPath },
  responses: { 200: json(z.strictObject({ cleared: z.literal(true) }), 'It is forgotten'), ...problems(404) },
});

export function traceRoutes(api: ControlApi, lab: Lab, log: TraceLog): void {
  api.openapi(getTrace, (c) => {
    const key = findKey(lab, c.req.valid('param').id);
    const format = c.req.valid('query').format ?? acceptedFormat(c.req.header('accept'));
    const traffic = log.of(key.id);
    if (format === 'json') return Response.json({ entries: decodeTrace(traffic) });
    const capture = encodeUsbCapture(traffic, { identity: () => key.key.identity });
    return new Response(new Uint8Array(capture), {
      headers: { 'Content-Type': PCAPNG, 'Content-Disposition': `attachment; filename="key-${key.id}.pcapng"` },
    });
  });
  api.openapi(clearTrace, (c) => {
    log.clear(findKey(lab, c.req.valid('param').id).id);
    return c.json({ cleared: true as const }, 200);
  });
}

function acceptedFormat(accept = '*/*'): 'json' | 'pcapng' {
  const types = accept.split(',').map((part) => part.split(';', 1)[0]?.trim().toLowerCase());
  if (types.includes(PCAPNG)) return 'pcapng';
  if (types.some((type) => type === '*/*' || type === 'application/*' || type === 'application/json')) return 'json';
  throw new Problem(406, 'not_acceptable', `expected to be asked for application/json or ${PCAPNG}, got ${accept}`);
}
