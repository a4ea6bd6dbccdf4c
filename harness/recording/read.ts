/** Recordings from files. */
import { readFile } from 'node:fs/promises';
import { parseRecording, type Recording } from './format.ts';

/** @throws TypeError that names the file, what was expected and what came */
export async function readRecording(path: string): Promise<Recording> {
  const text = await readFile(path, 'utf8');
  try {
    return parseRecording(JSON.parse(text));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new TypeError(`${path}: expected JSON, got something else`, { cause });
    throw new TypeError(`${path}: ${(cause as Error).message}`, { cause });
  }
}
