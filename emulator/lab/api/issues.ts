/** What is wrong with a request, in words: "expected X, got Y", with the place. */
import type { z } from '@hono/zod-openapi';

/** @param input what was checked */
export function describeIssues({ issues }: z.ZodError, input: unknown): string {
  return issues.map((issue) => describe(issue, input)).join('; ');
}

function describe(issue: z.core.$ZodIssue, input: unknown): string {
  const path = issue.path.join('.');
  const what = wordsOf(issue, valueAt(input, issue.path));
  return path === '' ? what : `${path}: ${what}`;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? value[step as keyof typeof value]
        : undefined,
    input,
  );
}

function wordsOf(issue: z.core.$ZodIssue, got: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}, got ${kindOf(got)}`;
    case 'unrecognized_keys':
      return `expected no member ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`;
    case 'invalid_value':
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}, got ${show(got)}`;
    case 'too_big':
      return `expected at most ${issue.maximum}${unitOf(issue.origin)}, got more`;
    case 'too_small':
      return `expected at least ${issue.minimum}${unitOf(issue.origin)}, got less`;
    case 'invalid_union':
      return `expected one of the forms of the API document, got ${show(got)}`;
    default:
      return issue.message;
  }
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' elements' : '';
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Short, and as text; strings may be anything that a program sends. */
function show(value: unknown): string {
  if (typeof value === 'object' || value === undefined) return kindOf(value);
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
