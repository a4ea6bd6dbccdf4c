/** The control API of a lab over HTTP: who may use it, what it takes, and its resources. Errors are problem+json. */
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { StoreError } from '../../store/store-error.ts';
import type { Lab } from '../lab.ts';
import { KeyGoneError } from '../lab-key.ts';
import { Problem } from '../problem.ts';
import { clockRoutes } from './clock.ts';
import { documentRoutes } from './document.ts';
import { eventRoutes } from './events.ts';
import { exportRoutes } from './exports.ts';
import { faultRoutes } from './faults.ts';
import { fingerRoutes } from './fingers.ts';
import type { Gate } from './gate.ts';
import { keyRoutes } from './keys.ts';
import { checkDepth, MAX_BODY, MAX_SNAPSHOT } from './limits.ts';
import { linkRoutes } from './links.ts';
import { metadataRoutes } from './metadata.ts';
import { allowedMethods } from './methods.ts';
import { modelRoutes } from './models.ts';
import { otpRoutes } from './otp.ts';
import { PANEL_PATHS, panelRoutes } from './panel.ts';
import { passkeyRoutes } from './passkeys.ts';
import { pinRoutes } from './pin.ts';
import { presenceRoutes } from './presence.ts';
import { type ControlApi, controlApi } from './routes.ts';
import type { RequestHeaders } from './security.ts';
import { type PanelSessions, SESSION_PATH, sessionRoutes } from './sessions.ts';
import { siteRoutes } from './site.ts';
import { snapshotRoutes } from './snapshots.ts';
import { tokenRoutes } from './tokens.ts';
import { TraceLog } from './trace-log.ts';
import { traceRoutes } from './traces.ts';

export interface ControlApiOptions {
  readonly gate: Gate;
  /** The one-time links of the panel. */
  readonly sessions: PanelSessions;
  /** Told of what should never happen: a request that failed inside. */
  readonly onDefect: (error: unknown) => void;
}

/** Paths whose bodies hold whole keys. */
const LARGE_BODIES = new Set(['/snapshot', '/keys/import']);

export function createControlApi(lab: Lab, options: ControlApiOptions): ControlApi {
  const { gate, sessions, onDefect } = options;
  const api = controlApi();
  api.use(async (c, next) => {
    gate.check(headersOf(c), isOpen(c));
    await next();
    c.header('X-Content-Type-Options', 'nosniff');
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store');
  });
  api.use(checkBody);

  keyRoutes(api, lab);
  presenceRoutes(api, lab);
  fingerRoutes(api, lab);
  pinRoutes(api, lab);
  passkeyRoutes(api, lab);
  otpRoutes(api, lab);
  tokenRoutes(api, lab);
  faultRoutes(api, lab);
  linkRoutes(api, lab);
  traceRoutes(api, lab, new TraceLog(lab));
  exportRoutes(api, lab);
  snapshotRoutes(api, lab);
  modelRoutes(api);
  clockRoutes(api, lab);
  metadataRoutes(api, lab);
  eventRoutes(api);
  sessionRoutes(api, sessions);
  panelRoutes(api);
  siteRoutes(api, lab);
  documentRoutes(api);

  api.notFound((c) => notFound(api, c).response());
  api.onError((error) => {
    if (error instanceof Problem) return error.response();
    if (error instanceof HTTPException && error.status === 400) {
      return new Problem(400, 'bad_request', error.message).response();
    }
    if (error instanceof KeyGoneError) return new Problem(404, 'no_such_key', error.message).response();
    if (error instanceof StoreError) return new Problem(409, 'store_refused', error.message).response();
    onDefect(error);
    return new Problem(500, 'internal', `the lab failed on this request: ${error.message}`).response();
  });
  return api;
}

function headersOf(c: Context): RequestHeaders {
  return {
    host: c.req.header('host'),
    origin: c.req.header('origin'),
    authorization: c.req.header('authorization'),
  };
}

/** The panel's own files, and the way to its token. */
function isOpen({ req }: Context): boolean {
  if (req.method === 'GET' || req.method === 'HEAD') return PANEL_PATHS.test(req.path);
  return req.method === 'POST' && req.path === SESSION_PATH;
}

/** A body is JSON, and neither long nor deep. */
async function checkBody(c: Context, next: () => Promise<void>): Promise<void> {
  const [length, encoding] = [c.req.header('content-length'), c.req.header('transfer-encoding')];
  if (encoding !== undefined) throw new Problem(411, 'no_length', 'expected a Content-Length, got a body without one');
  if (length !== undefined && Number(length) > 0) {
    const most = LARGE_BODIES.has(c.req.path) ? MAX_SNAPSHOT : MAX_BODY;
    if (Number(length) > most) throw new Problem(413, 'too_long', `expected at most ${most} bytes, got ${length}`);
    const type = c.req.header('content-type') ?? 'none';
    if (!/^application\/json\s*(;|$)/i.test(type)) {
      throw new Problem(415, 'not_json', `expected a Content-Type of application/json, got ${type}`);
    }
    checkDepth(await c.req.text());
  }
  await next();
}

function notFound(api: ControlApi, c: Context): Problem {
  const { method, path } = c.req;
  const allowed = allowedMethods(api, path);
  if (allowed.length === 0) return new Problem(404, 'not_found', `there is nothing at ${method} ${path}`);
  const detail = `expected ${allowed.join(' or ')} at ${path}, got ${method}`;
  return new Problem(405, 'wrong_method', detail, { Allow: allowed.join(', ') });
}
