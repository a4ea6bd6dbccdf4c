/** How the resources of the control API describe their routes: answers, refusals, and how bad input is told. */
import { OpenAPIHono, type z } from '@hono/zod-openapi';
import type { Lab } from '../lab.ts';
import type { LabKey } from '../lab-key.ts';
import { Problem, type ProblemStatus } from '../problem.ts';
import { describeIssues } from './issues.ts';
import { ProblemSchema } from './schemas.ts';

export type ControlApi = OpenAPIHono;

export function controlApi(): ControlApi {
  return new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return;
      const input: unknown = 'data' in result ? result.data : undefined;
      throw new Problem(400, 'bad_request', describeIssues(result.error, input));
    },
  });
}

const REASONS: Readonly<Record<Exclude<ProblemStatus, 500>, string>> = {
  400: 'The request is not what this document says',
  401: 'No token, or a wrong one',
  403: 'The Origin is not the lab',
  404: 'There is no such thing',
  405: 'The path has no such method',
  406: 'None of the forms that it has is accepted',
  409: 'Not possible as things are',
  411: 'The body has no Content-Length',
  413: 'The body is too long',
  415: 'The body is not JSON',
  421: 'The Host header is not the lab’s',
  426: 'Only as a WebSocket',
  429: 'Too many requests: wait as long as Retry-After says',
  503: 'The lab runs from source that is not compiled',
};

/** A request that should have no body may come with one. */
const COMMON = [400, 401, 403, 411, 413, 415, 421, 429] as const;
type Common = (typeof COMMON)[number];

type Refusal = keyof typeof REASONS;

interface ProblemResponse {
  description: string;
  content: { 'application/problem+json': { schema: typeof ProblemSchema } };
}

/** The refusals that every route has, and these. */
export function problems<S extends Refusal = never>(...own: readonly S[]): Record<Common | S, ProblemResponse> {
  const statuses: readonly Refusal[] = [...COMMON, ...own];
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: REASONS[status], content: { 'application/problem+json': { schema: ProblemSchema } } },
    ]),
  ) as Record<Common | S, ProblemResponse>;
}

/** An answer in JSON. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

/** A body in JSON, which has to be there. */
export function body<T extends z.ZodType>(schema: T) {
  return { required: true, content: { 'application/json': { schema } } } as const;
}

/** @throws Problem 404 */
export function findKey(lab: Lab, id: string): LabKey {
  const key = lab.keys.get(id);
  if (key !== undefined) return key;
  const names = [...lab.keys.keys()].slice(0, 20).join(', ');
  throw new Problem(404, 'no_such_key', `there is no key ${JSON.stringify(id)}; keys: ${names || 'none'}`);
}
