import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { announceLab, labDirectory, runningLabs } from '../../../emulator/lab/state-file.ts';

const address = { url: 'http://127.0.0.1:4000', token: 'secret' };
let root: string;
let directory: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ctaplab-state-'));
  directory = join(root, 'ctaplab');
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the state file of a lab', () => {
  it('is found while the lab runs, and gone after', () => {
    const withdraw = announceLab(address, directory);
    expect(runningLabs(directory)).toEqual([{ pid: process.pid, ...address }]);
    withdraw();
    expect(runningLabs(directory)).toEqual([]);
    withdraw(); // twice does no harm
  });

  it('can be read by its user alone, in a folder of theirs alone, whatever the umask', () => {
    const before = process.umask(0);
    try {
      announceLab(address, directory);
    } finally {
      process.umask(before);
    }
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, `lab-${process.pid}.json`)).mode & 0o777).toBe(0o600);
  });

  it('does not inherit the mode of an older file', () => {
    announceLab(address, directory);
    chmodSync(join(directory, `lab-${process.pid}.json`), 0o644);
    announceLab(address, directory);
    expect(statSync(join(directory, `lab-${process.pid}.json`)).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual([`lab-${process.pid}.json`]);
  });

  it('of a killed lab is deleted on the way', () => {
    announceLab(address, directory)();
    const { pid } = spawnSync(process.execPath, ['-e', '0']); // has ended, so nobody has this number
    const path = join(directory, `lab-${pid}.json`);
    writeFileSync(path, JSON.stringify({ pid, ...address }));
    expect(runningLabs(directory)).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });

  it('with something else in it is named', () => {
    announceLab(address, directory);
    const path = join(directory, `lab-${process.pid}.json`);
    writeFileSync(path, '{"pid":"1"}');
    expect(() => runningLabs(directory)).toThrow(path);
  });

  it('is missed nowhere when no lab ever ran', () => {
    expect(runningLabs(join(root, 'none'))).toEqual([]);
  });
});

describe('labDirectory', () => {
  it('prefers the runtime folder, which a reboot empties', () => {
    expect(labDirectory({ XDG_RUNTIME_DIR: '/run/user/1', XDG_STATE_HOME: '/s' })).toBe('/run/user/1/ctaplab');
    expect(labDirectory({ XDG_STATE_HOME: '/s' })).toBe('/s/ctaplab');
    expect(labDirectory({})).toMatch(/\/\.local\/state\/ctaplab$/);
  });
});
