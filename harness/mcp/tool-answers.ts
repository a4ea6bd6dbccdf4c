/** What a tool says. */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

/** The value as JSON; a failure as a sentence that the caller can act on. */
export async function answering(action: () => Promise<unknown>): Promise<CallToolResult> {
  try {
    const value = (await action()) ?? { done: true };
    return { content: [{ type: 'text', text: JSON.stringify(value) }] };
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { isError: true, content: [{ type: 'text', text }] };
  }
}

/** The name of a key. */
export const KEY = z.string().describe('The id of a key, as list_keys has it');

/** Milliseconds. */
export const WAIT = z.number().int().min(0).max(60_000).default(30_000).describe('Milliseconds to wait for it');
