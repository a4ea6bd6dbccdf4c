/**
 * Which process a store belongs to. The record lies in the database itself, so that LMDB's write lock, which ends
 * with its process, decides between two that come at once; there is no lock file that kill -9 could leave behind.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { StoreError } from './store-error.ts';

export interface Owner {
  readonly pid: number;
  /** When the process began, as the system tells it; empty where it does not. A pid alone may be another's by now. */
  readonly started: string;
  /** Of this opening. */
  readonly opening: string;
}

/** A record for this process. */
export function thisOwner(): Owner {
  return { pid: process.pid, started: startOf(process.pid) ?? '', opening: randomUUID() };
}

/** True while the process that wrote the record lives. */
export function isAlive(owner: Owner): boolean {
  if (owner.started !== '') return startOf(owner.pid) === owner.started;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it lives, and is another user's
  }
}

export function encodeOwner({ pid, started, opening }: Owner): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ pid, started, opening }));
}

/** @throws StoreError where the record is none */
export function decodeOwner(record: Uint8Array): Owner {
  const text = new TextDecoder().decode(record);
  const { pid, started, opening } = members(text);
  if (typeof pid === 'number' && typeof started === 'string' && typeof opening === 'string') {
    return { pid, started, opening };
  }
  throw notAnOwner(text);
}

function members(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) throw notAnOwner(text);
    throw error;
  }
}

function notAnOwner(text: string): StoreError {
  return new StoreError(`expected an owner's record, got ${text}`);
}

/** Boot and start time of a living process on Linux (proc_pid_stat(5), field 22), else undefined. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before may hold blanks and brackets
    const [state] = fields;
    if (state === 'Z' || state === 'X') return undefined; // dead, and not yet collected by its parent
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${fields[19]}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined; // no such process, or no Linux
    throw error;
  }
}
