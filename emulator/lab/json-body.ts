/** The body of a request to the control API. */
import type { Context } from 'hono';

/** Its members where it is a JSON object, else none: what each has to be is for the caller to say. */
export async function jsonMembers(c: Context): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await c.req.json().catch((error: unknown) => {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  });
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}
