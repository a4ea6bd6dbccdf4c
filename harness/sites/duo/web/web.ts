/** What the routes of the pages share: the service, its cookies, and how they read requests. */
import { setTimeout as pause } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Decoys } from '../decoy.ts';
import type { AttemptContext } from '../domain/attempts.ts';
import { DomainError, type DomainErrorCode } from '../domain/error.ts';
import type { Integration } from '../domain/integrations.ts';
import { readPolicy } from '../domain/policy.ts';
import type { PromptTransactions } from '../domain/prompt-transactions.ts';
import { sameText } from '../domain/secrets.ts';
import type { Tenant } from '../domain/tenant.ts';
import { parseJsonObject } from '../json.ts';
import type { Mailbox } from '../mail/mailbox.ts';
import type { PageSite } from '../pages/layout.ts';
import { SiteError } from '../site.ts';
import type { WebSession, WebSessions } from './sessions.ts';

/** Everything that a page can need. */
export interface Web {
  readonly tenant: Tenant;
  readonly port: number;
  /** Whether browsers reach it by HTTPS; else over HTTP on this machine alone. */
  readonly tls: boolean;
  /** Whether this machine alone reaches the service. */
  readonly loopback: boolean;
  readonly decoys: Decoys;
  readonly prompts: PromptTransactions;
  /** The lab's own mailbox; undefined where mail goes elsewhere. */
  readonly mailbox: Mailbox | undefined;
  /** Sessions of people: portal, wizard and prompt. */
  readonly people: WebSessions;
  readonly administrators: WebSessions;
  /** Told the address of an administrator who has another password now. */
  readonly onPasswordChanged: (email: string) => void;
  /** Failures at names that nobody has, counted as those of users are. */
  readonly strangers: Map<string, number>;
}

export type Part = 'people' | 'administrators';

// Cookies do not know ports: the port in the name keeps two services on one machine apart. The prefix makes browsers
// refuse a cookie of that name from another host, or without TLS (RFC 6265bis §4.1.3.2).
function cookieName({ tls, port }: Web, name: string): string {
  return `${tls ? '__Host-' : ''}ctaplab_${name}_${port}`;
}

export function currentSession(web: Web, c: Context, part: Part): WebSession | undefined {
  return web[part].find(getCookie(c, cookieName(web, part)));
}

/** The request's session, or a fresh one whose cookie goes out with the answer. */
export function ensureSession(web: Web, c: Context, part: Part): WebSession {
  return currentSession(web, c, part) ?? send(web, c, part, web[part].create());
}

/** @throws SiteError 400 without a session */
export function requireSession(web: Web, c: Context, part: Part): WebSession {
  const session = currentSession(web, c, part);
  if (session !== undefined) return session;
  throw new SiteError(400, 'no_session', 'This page has been open for too long, or cookies are off. Load it again.');
}

/** A fresh session in place of the old one, at every gain of rights. */
export function renewSession(web: Web, c: Context, part: Part, old: WebSession): WebSession {
  const renewed = send(web, c, part, web[part].replace(old));
  for (const sid of old.prompts) renewed.prompts.add(sid);
  return renewed;
}

export function endSession(web: Web, c: Context, part: Part): void {
  const session = currentSession(web, c, part);
  if (session !== undefined) web[part].remove(session);
  deleteCookie(c, cookieName(web, part), { path: '/', secure: web.tls });
}

function send(web: Web, c: Context, part: Part, session: WebSession): WebSession {
  // Applications send people to the prompt from their own site, where a strict cookie would stay at home.
  const sameSite = part === 'people' ? 'Lax' : 'Strict';
  setCookie(c, cookieName(web, part), session.id, { httpOnly: true, secure: web.tls, sameSite, path: '/' });
  return session;
}

export function rememberedToken(web: Web, c: Context): string | undefined {
  return getCookie(c, cookieName(web, 'remembered'));
}

export function setRememberedToken(web: Web, c: Context, token: string, expiresAt: number): void {
  const expires = new Date(expiresAt);
  const options = { httpOnly: true, secure: web.tls, sameSite: 'Lax', path: '/', expires } as const;
  setCookie(c, cookieName(web, 'remembered'), token, options);
}

/** The fields of a form that a page of ours sent. @throws SiteError 403 where its proof is missing */
export async function readForm(c: Context, session: WebSession): Promise<URLSearchParams> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    throw new SiteError(
      415,
      'not_a_form',
      `Content-Type must be application/x-www-form-urlencoded, not ${JSON.stringify(type)}.`,
    );
  }
  const form = new URLSearchParams(await c.req.text());
  if (!sameText(form.get('csrf') ?? '', session.csrf)) {
    throw new SiteError(403, 'wrong_form', 'This form is not of this session. Load the page again.');
  }
  return form;
}

/** @throws SiteError 415, 400 */
export async function readJson(c: Context): Promise<Record<string, unknown>> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new SiteError(415, 'not_json', `Content-Type must be application/json, not ${JSON.stringify(type)}.`);
  }
  return parseJsonObject(await c.req.text());
}

/** A text member of a JSON body. @throws SiteError 400 */
export function textMember(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value.length <= 1000) return value;
  throw new SiteError(400, 'malformed', `"${name}" must be a string.`);
}

export function attemptContext(c: Context, place: string, integration?: Integration): AttemptContext {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  return {
    place,
    integration,
    ip: incoming?.socket.remoteAddress ?? '',
    userAgent: c.req.header('user-agent') ?? '',
  };
}

/** The domain's refusals as those of a site. */
export function toSiteError(error: unknown): unknown {
  return error instanceof DomainError ? new SiteError(STATUS[error.code], error.code, error.message) : error;
}

const STATUS: Readonly<Record<DomainErrorCode, SiteError['status']>> = {
  malformed: 400,
  not_found: 404,
  taken: 409,
  refused: 403,
  expired: 403,
  used: 403,
  locked: 403,
};

export function pageSite({ tenant }: Web): PageSite {
  const policy = readPolicy(tenant);
  return { rpId: tenant.rpId, rpName: tenant.rpName, policy };
}

// Longer than any judgement takes, so that an answer's time tells nothing of who exists or what was checked.
const DENIAL_MS = 120;

/**
 * Waits with a denial until a time that is the same for all of them.
 * @param startedAt of `performance.now()`, when the request came
 */
export async function evenOut(startedAt: number, wait: (ms: number) => Promise<unknown> = pause): Promise<void> {
  const left = startedAt + DENIAL_MS - performance.now();
  if (left > 0) await wait(left);
}
