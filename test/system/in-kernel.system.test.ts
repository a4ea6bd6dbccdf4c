import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DeadGuestError } from '../../scripts/kernel/guest.ts';
import { bootMachine } from '../../scripts/kernel/machine.ts';

describe('scripts/in-kernel', () => {
  const inKernel = (...words: string[]) => spawnSync('scripts/in-kernel', words, { encoding: 'utf8' });

  it('relays output, errors, status and environment of its command, and keeps logs', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctaplab-test-'));
    try {
      const script = 'console.log(process.argv[1]); console.error(process.getuid()); process.exit(7)';
      const { stdout, stderr, status } = inKernel('--keep-logs', folder, 'node', '-e', script, "it's $HOME");
      expect({ stdout, stderr, status }).toEqual({ stdout: "it's $HOME\n", stderr: '0\n', status: 7 });
      expect(readFileSync(join(folder, 'console.log'), 'utf8')).toMatch(/ctaplab: init reached/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends a command that hangs, and shows the guest’s console', () => {
    const { stdout, stderr, status } = inKernel(
      '--timeout',
      '2',
      'echo before; echo to the console >/dev/console; sleep 1000',
    );
    expect(stdout).toBe('before\n');
    expect(stderr).toMatch(/expected the command to end within 2 s.*to the console/s);
    expect(status).toBe(124);
  });

  it('says what it expected when it is called wrongly', () => {
    expect(inKernel()).toMatchObject({ status: 2, stderr: expect.stringMatching(/expected a command to run/) });
    expect(inKernel('--bogus', 'true')).toMatchObject({ status: 2, stderr: expect.stringMatching(/--bogus/) });
  });
});

describe('a guest whose kernel panics', () => {
  it('fails what waits for it and what comes after, with its last words', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctaplab-test-'));
    const machine = await bootMachine({ folder });
    try {
      const waiting = machine.guest.run('sleep 1000');
      const panic = machine.guest.run('echo c >/proc/sysrq-trigger');
      await Promise.all([
        expect(waiting).rejects.toThrow(/the guest is dead.*Kernel panic/s),
        expect(panic).rejects.toThrow(DeadGuestError),
      ]);
      await expect(machine.guest.run('true')).rejects.toThrow(DeadGuestError);
      await expect(machine.guest.ping()).rejects.toThrow(DeadGuestError);
    } finally {
      await machine.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
