/** The HTTP interface of a running lab. Every request carries the bearer token; every answer is JSON. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { toHex } from '../../ctap/bytes.ts';
import { EnrollFeedback, type EnrollFeedbackName } from '../../ctap/commands/bio-enrollment.ts';
import { publishMetadata } from '../attestation/metadata-blob.ts';
import { systemClock } from '../clock.ts';
import { findModel, type Model, models } from '../models/index.ts';
import type { PendingPresence } from '../presence.ts';
import { jsonMembers } from './json-body.ts';
import type { Lab } from './lab.ts';
import type { LabKey } from './lab-key.ts';
import { Problem } from './problem.ts';
import { formatTouchPolicy, parseTouchPolicy, type TouchPolicy } from './touch-policy.ts';
import { yubicoSlotOf } from './yubico-slot-request.ts';

/** Longest wait of one request, in milliseconds. */
export const MAX_WAIT = 60_000;

/** A key as the API shows it. */
export interface LabKeyJSON {
  readonly id: string;
  /** The name that --model takes. */
  readonly model: string;
  readonly product: string;
  readonly serialNumber: string | null;
  /** 32 hexadecimal digits. */
  readonly aaguid: string;
  /** Members of the model whose real value is not public. */
  readonly assumed: readonly string[];
  readonly inserted: boolean;
  readonly touch: string;
  readonly devices: readonly string[];
  readonly pending: readonly PendingJSON[];
}

/** A question that waits for a touch. `since` is ISO 8601. */
export interface PendingJSON {
  readonly operation: string;
  readonly rpId?: string;
  readonly userName?: string;
  readonly since: string;
}

export interface ControlApiOptions {
  readonly token: string;
  /** `host:port` that the Host header may carry. */
  readonly hosts: readonly string[];
  /** Told of what should never happen: a request that failed inside. */
  readonly onDefect: (error: unknown) => void;
}

export function createControlApi(lab: Lab, options: ControlApiOptions): Hono {
  const api = new Hono();
  api.use(async (c, next) => {
    checkHost(c, options.hosts);
    checkToken(c, options.token);
    await next();
    c.header('Cache-Control', 'no-store');
    c.header('X-Content-Type-Options', 'nosniff');
  });

  api.get('/health', (c) => c.json({ status: 'ok', keys: lab.keys.size }));
  api.get('/keys', (c) => c.json({ keys: [...lab.keys.values()].map(keyJSON) }));
  api.get('/keys/:id', (c) => c.json(keyJSON(findKey(lab, c))));

  api.get('/metadata', async (c) => c.json(await publishMetadata(lab.authority, modelsOf(c), systemClock.now())));

  api.get('/keys/:id/pending', async (c) => {
    const pending = await findKey(lab, c).pending(waitOf(c), c.req.raw.signal);
    return c.json({ pending: pending.map(pendingJSON) });
  });
  api.post('/keys/:id/touch', async (c) => {
    const key = findKey(lab, c);
    const touch = await key.touch(pressOf(c));
    if (touch === false) throw nothingWaits(key);
    return c.json({ touched: true, ...touch });
  });
  api.put('/keys/:id/touch-policy', async (c) => {
    const key = findKey(lab, c);
    key.presence.policy = await policyOf(c);
    return c.json({ key: keyJSON(key) });
  });
  api.post('/keys/:id/deny', (c) => {
    const key = findKey(lab, c);
    if (!key.presence.manual.deny()) throw nothingWaits(key);
    return c.json({ denied: true });
  });
  api.post('/keys/:id/fingers', async (c) => {
    const key = findKey(lab, c);
    if (!key.fingerprints) {
      throw new Problem(409, 'no_sensor', `key ${key.id} (${key.key.model.name}) has no fingerprint sensor`);
    }
    const { finger, feedback } = await fingerOf(c);
    key.fingerprints.present(finger, feedback);
    return c.json({ finger, feedback });
  });
  api.put('/keys/:id/yubico-otp', async (c) => {
    const { key } = typingKey(lab, c);
    await key.writeYubicoSlot(await yubicoSlotOf(c));
    return c.json({ programmed: true });
  });
  api.delete('/keys/:id/yubico-otp', async (c) => {
    await typingKey(lab, c).key.writeYubicoSlot(undefined);
    return c.json({ programmed: false });
  });
  api.post('/keys/:id/insert', async (c) => {
    const key = findKey(lab, c);
    const changed = await key.insert();
    return c.json({ changed, key: keyJSON(key) });
  });
  api.post('/keys/:id/remove', async (c) => {
    const key = findKey(lab, c);
    const changed = await key.remove();
    return c.json({ changed, key: keyJSON(key) });
  });

  api.notFound((c) => new Problem(404, 'not_found', `there is nothing at ${c.req.method} ${c.req.path}`).response());
  api.onError((error) => {
    if (error instanceof Problem) return error.response();
    options.onDefect(error);
    return new Problem(500, 'internal', `the lab failed on this request: ${error.message}`).response();
  });
  return api;
}

function checkHost(c: Context, hosts: readonly string[]): void {
  const host = c.req.header('host');
  if (host === undefined || !hosts.includes(host)) {
    throw new Problem(421, 'wrong_host', `expected a Host header of ${hosts.join(' or ')}, got ${host ?? 'none'}`);
  }
  const origin = c.req.header('origin');
  if (origin !== undefined && !hosts.some((own) => origin === `http://${own}`)) {
    throw new Problem(403, 'wrong_origin', `pages of ${origin} may not use this lab`);
  }
}

function checkToken(c: Context, token: string): void {
  const given = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (given === undefined) throw new Problem(401, 'no_token', 'expected an Authorization header: Bearer TOKEN');
  // Digests have one length, whatever was sent.
  const [a, b] = [given, token].map((text) => createHash('sha256').update(text).digest());
  if (a === undefined || b === undefined || !timingSafeEqual(a, b)) {
    throw new Problem(401, 'wrong_token', 'the bearer token is not the one of this lab');
  }
}

function findKey(lab: Lab, c: Context): LabKey {
  const id = c.req.param('id') ?? '';
  const key = lab.keys.get(id);
  if (key !== undefined) return key;
  throw new Problem(
    404,
    'no_such_key',
    `there is no key ${JSON.stringify(id)}; keys: ${[...lab.keys.keys()].join(', ')}`,
  );
}

function typingKey(lab: Lab, c: Context): LabKey {
  const key = findKey(lab, c);
  if (key.key.typesPasswords) return key;
  throw new Problem(409, 'no_keyboard', `key ${key.id} (${key.key.model.name}) types no passwords`);
}

/** The models that the query names, all where it names none. */
function modelsOf(c: Context): Iterable<Model> {
  const names = c.req.queries('model') ?? [];
  try {
    return names.length > 0 ? names.map(findModel) : models.values();
  } catch (error) {
    if (error instanceof RangeError) throw new Problem(400, 'no_such_model', error.message);
    throw error;
  }
}

function waitOf(c: Context): number {
  const text = c.req.query('wait') ?? '0';
  const wait = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (wait <= MAX_WAIT) return wait;
  throw new Problem(400, 'bad_wait', `expected wait to be 0 to ${MAX_WAIT} milliseconds, got ${JSON.stringify(text)}`);
}

/** The body of a finger: its name, and how its sample turns out. */
async function fingerOf(c: Context): Promise<{ finger: string; feedback: EnrollFeedbackName }> {
  const { finger, feedback = 'FP_GOOD' } = await jsonMembers(c);
  if (typeof finger !== 'string' || finger === '') {
    throw new Problem(400, 'bad_finger', 'expected a JSON object with the name of a finger: {"finger": "thumb"}');
  }
  if (!isFeedback(feedback)) {
    const detail = `expected feedback to be one of ${Object.keys(EnrollFeedback).join(', ')}, got ${JSON.stringify(feedback)}`;
    throw new Problem(400, 'bad_feedback', detail);
  }
  return { finger, feedback };
}

async function policyOf(c: Context): Promise<TouchPolicy> {
  const { touch } = await jsonMembers(c);
  try {
    return parseTouchPolicy(String(touch));
  } catch (error) {
    if (error instanceof RangeError) throw new Problem(400, 'bad_touch', error.message);
    throw error;
  }
}

function isFeedback(name: unknown): name is EnrollFeedbackName {
  return typeof name === 'string' && Object.hasOwn(EnrollFeedback, name);
}

function pressOf(c: Context): 'short' | 'long' {
  const press = c.req.query('press') ?? 'short';
  if (press === 'short' || press === 'long') return press;
  throw new Problem(400, 'bad_press', `expected press to be short or long, got ${JSON.stringify(press)}`);
}

function nothingWaits(key: LabKey): Problem {
  const policy = formatTouchPolicy(key.presence.policy);
  const reason = policy === 'manual' ? 'it asks for no touch now' : `it answers by itself (touch: ${policy})`;
  return new Problem(409, 'nothing_waits', `nothing waits for key ${key.id}: ${reason}`);
}

function keyJSON(lab: LabKey): LabKeyJSON {
  const { identity, model } = lab.key;
  return {
    id: lab.id,
    model: model.name,
    product: identity.product,
    serialNumber: identity.serial ?? null,
    aaguid: toHex(model.aaguid),
    assumed: model.assumed,
    inserted: lab.inserted,
    touch: formatTouchPolicy(lab.presence.policy),
    devices: lab.devices,
    pending: lab.presence.manual.pending.map(pendingJSON),
  };
}

function pendingJSON({ request, since }: PendingPresence): PendingJSON {
  const { operation, rpId, userName } = request;
  return {
    operation,
    ...(rpId === undefined ? {} : { rpId }),
    ...(userName === undefined ? {} : { userName }),
    since: new Date(since).toISOString(),
  };
}
