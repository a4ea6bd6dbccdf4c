import { type ChildProcess, spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DeadGuestError, Guest, type GuestAddress } from './guest.ts';
import { findProgram, type KernelImage, kernelImage, writeInitramfs } from './initramfs.ts';
import { shellQuote } from './job.ts';

/** With the newest instructions that QEMU 7.2 emulates Chromium crashes at random; without them it does not. */
const EMULATED_CPU = 'Westmere';

/** Seconds in which the guest must reach our init under KVM before that counts as broken. */
const KVM_TRIAL = 10;

export interface BootOptions {
  /** Job folder on the host, made if missing: logs, jobs and exchanged files end there. */
  readonly folder: string;
  /** Seconds until the first command can run; 300 unless told. */
  readonly timeout?: number;
  /** Called when the guest ends, by itself or not. */
  readonly onEnd?: () => void;
}

export interface Machine {
  readonly guest: Guest;
  readonly accelerator: Accelerator;
  /** Powers the guest off and waits until its emulator has ended. */
  stop(): Promise<void>;
}

export type Accelerator = 'kvm' | 'tcg';

/**
 * Boots the stock kernel over the host's root and waits until it takes commands.
 * KVM is tried for a short time where it is offered; software emulation is the fallback.
 */
export async function bootMachine(options: BootOptions): Promise<Machine> {
  const folder = resolve(options.folder);
  const kernel = kernelImage();
  mkdirSync(join(folder, 'jobs'), { recursive: true });
  mkdirSync(join(folder, 'files'), { recursive: true });
  copyFileSync(join(import.meta.dirname, 'agent'), join(folder, 'agent'));
  writeFileSync(
    join(folder, 'machine.env'),
    `KERNEL_VERSION=${shellQuote(kernel.version)}\nKERNEL_MODULES=${shellQuote(kernel.modules)}\n`,
  );
  const initramfs = join(folder, 'initramfs.cpio');
  writeInitramfs(kernel, initramfs);
  const accelerators: Accelerator[] = kvmOffered() ? ['kvm', 'tcg'] : ['tcg'];
  for (const accelerator of accelerators) {
    const machine = await tryBoot(kernel, initramfs, folder, accelerator, options);
    if (machine !== undefined) return machine;
  }
  throw new Error('expected a boot under software emulation to end in a machine or an error');
}

/** A machine, or nothing when KVM turns out not to work. */
async function tryBoot(
  kernel: KernelImage,
  initramfs: string,
  folder: string,
  accelerator: Accelerator,
  { timeout = 300, onEnd }: BootOptions,
): Promise<Machine | undefined> {
  // Socket paths may have 107 bytes, which a deep checkout exceeds.
  const socketFolder = mkdtempSync(join(tmpdir(), 'ctaplab-'));
  const socket = join(socketFolder, 'guest');
  const consoleLog = join(folder, 'console.log');
  writeFileSync(consoleLog, '');
  const errors = openSync(join(folder, 'qemu.log'), 'w');
  // setpriv: the emulator must not outlive us, even when we are killed.
  const emulator = spawn(
    'setpriv',
    [
      '--pdeathsig',
      'KILL',
      findProgram('qemu-system-x86_64'),
      ...qemuArguments(kernel, initramfs, folder, socket, accelerator),
    ],
    { stdio: ['ignore', errors, errors] },
  );
  const ended = new Promise<void>((done) => {
    emulator.once('exit', () => done());
    emulator.once('error', () => done());
  });
  const address: GuestAddress = { folder, socket, pid: emulator.pid ?? -1 };
  const onExit = () => emulator.kill('SIGKILL');
  process.once('exit', onExit);
  void ended.then(() => {
    process.off('exit', onExit);
    rmSync(socketFolder, { recursive: true, force: true });
  });

  const abandon = async () => {
    emulator.kill('SIGKILL');
    await ended;
  };
  const trial = accelerator === 'kvm';
  let works = !trial;
  try {
    await until(() => existsSync(socket) || gone(emulator), 30, 'the emulator did not start within 30 s', folder);
    if (gone(emulator) && trial) return undefined;
    const guest = await connect(address, emulator);
    const ready = guest.ready();
    ready.catch(() => undefined);
    if (trial) {
      const reached = () => guest.console().includes('ctaplab: init reached');
      await until(() => reached() || gone(emulator), KVM_TRIAL).catch(() => undefined);
      works = reached();
      if (!works) {
        guest.close();
        await abandon();
        return undefined;
      }
    }
    const timer = setTimeout(
      () => guest.end(`it took no commands within ${timeout} s after its start`),
      timeout * 1000,
    );
    await ready.finally(() => clearTimeout(timer));
    if (onEnd !== undefined) void ended.then(onEnd);
    const stop = async () => {
      guest.powerOff();
      const force = setTimeout(() => emulator.kill('SIGKILL'), 20_000);
      await ended;
      clearTimeout(force);
      guest.close();
    };
    return { guest, accelerator, stop };
  } catch (error) {
    await abandon();
    if (!works) return undefined; // it made its socket and died of KVM before anybody could connect
    throw error;
  }
}

function qemuArguments(
  kernel: KernelImage,
  initramfs: string,
  folder: string,
  socket: string,
  accelerator: Accelerator,
): string[] {
  const share = (id: string, path: string, more: string) => [
    '-fsdev',
    `local,id=${id},path=${path.replaceAll(',', ',,')},security_model=none,multidevs=remap${more}`,
    '-device',
    `virtio-9p-pci,fsdev=${id},mount_tag=${id}`,
  ];
  return [
    ...(accelerator === 'kvm'
      ? ['-accel', 'kvm', '-cpu', 'max']
      : ['-accel', 'tcg,thread=multi', '-cpu', EMULATED_CPU]),
    ...['-M', 'q35'],
    ...['-smp', String(Math.min(2, availableParallelism())), '-m', '4096'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', kernel.vmlinuz, '-initrd', initramfs],
    ...['-append', 'console=ttyS0 quiet loglevel=4 panic=-1 oops=panic mitigations=off nokaslr'],
    ...share('root', '/', ',readonly=on'),
    ...share('jobs', folder, ''),
    ...['-serial', `file:${join(folder, 'console.log').replaceAll(',', ',,')}`],
    ...[
      '-chardev',
      `socket,id=agent,path=${socket.replaceAll(',', ',,')},server=on,wait=off`,
      '-serial',
      'chardev:agent',
    ],
    ...['-device', 'virtio-rng-pci', '-device', 'qemu-xhci'],
  ];
}

function kvmOffered(): boolean {
  if (process.env.CTAPLAB_ACCEL === 'tcg') return false;
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function gone(emulator: ChildProcess): boolean {
  return emulator.exitCode !== null || emulator.signalCode !== null || emulator.pid === undefined;
}

/** Connects to the guest's line; its file is there a moment before the emulator listens at it. */
async function connect(address: GuestAddress, emulator: ChildProcess): Promise<Guest> {
  const deadline = performance.now() + 5000;
  for (;;) {
    try {
      return await Guest.connect(address);
    } catch (error) {
      if (gone(emulator) || performance.now() > deadline) throw error;
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}

async function until(holds: () => boolean, seconds: number, otherwise = 'not in time', folder?: string): Promise<true> {
  const deadline = performance.now() + seconds * 1000;
  while (!holds()) {
    if (performance.now() > deadline) {
      throw new DeadGuestError(folder === undefined ? otherwise : `${otherwise}; see ${join(folder, 'qemu.log')}`);
    }
    await new Promise((done) => setTimeout(done, 20));
  }
  return true;
}
