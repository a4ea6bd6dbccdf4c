/** How other programs of the same user find a running lab: a file of mode 0600 for each, named by process. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What one needs to talk to a lab. */
export interface LabAddress {
  /** Base URL of the control API, without a slash at its end. */
  readonly url: string;
  /** Bearer token: a secret. */
  readonly token: string;
}

export interface RunningLab extends LabAddress {
  readonly pid: number;
}

/** $XDG_RUNTIME_DIR/ctaplab, or $XDG_STATE_HOME/ctaplab (~/.local/state/ctaplab) where there is none. */
export function labDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_RUNTIME_DIR, XDG_STATE_HOME } = environment;
  if (XDG_RUNTIME_DIR) return join(XDG_RUNTIME_DIR, 'ctaplab');
  return join(XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'ctaplab');
}

function fileOf(directory: string, pid: number): string {
  return join(directory, `lab-${pid}.json`);
}

/** Announces this process's lab; the returned function takes that back. */
export function announceLab(address: LabAddress, directory: string = labDirectory()): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = fileOf(directory, process.pid);
  const draft = `${path}.draft`; // renamed when complete, so that nobody reads half of it
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify({ pid: process.pid, ...address })}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(draft, path);
  return () => rmSync(path, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // somebody else's process, but alive
  }
}

function parse(text: string, path: string): RunningLab {
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null && 'pid' in value && 'url' in value && 'token' in value) {
    const { pid, url, token } = value;
    if (typeof pid === 'number' && typeof url === 'string' && typeof token === 'string') return { pid, url, token };
  }
  throw new Error(`${path}: expected {pid, url, token} of a running lab, got something else; delete the file`);
}

/** The labs that run now, oldest process number first. Files of labs that were killed are deleted on the way. */
export function runningLabs(directory: string = labDirectory()): RunningLab[] {
  const labs: RunningLab[] = [];
  for (const name of listed(directory)) {
    const path = join(directory, name);
    const pid = Number(/^lab-(\d+)\.json$/.exec(name)?.[1]);
    if (!Number.isSafeInteger(pid)) continue;
    if (!isAlive(pid)) rmSync(path, { force: true });
    else labs.push(parse(readFileSync(path, 'utf8'), path));
  }
  return labs.sort((a, b) => a.pid - b.pid);
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
