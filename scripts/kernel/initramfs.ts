import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** What the guest needs before it can see the host's root; all further modules are loaded from there. */
const EARLY_MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'overlay'];

/** An unpacked kernel package. */
export interface KernelImage {
  /** The folder that holds boot/ and lib/modules/. */
  readonly folder: string;
  /** As `uname -r` says it in the guest. */
  readonly version: string;
  readonly vmlinuz: string;
  readonly modules: string;
}

/** The cached kernel, downloaded on first use (see scripts/kernel/fetch). */
export function kernelImage(): KernelImage {
  const folder = execFileSync(join(import.meta.dirname, 'fetch'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
  const version = basename(folder).replace(/^linux-image-/, '');
  return {
    folder,
    version,
    vmlinuz: join(folder, 'boot', `vmlinuz-${version}`),
    modules: join(folder, 'lib/modules', version),
  };
}

/** The full path of a program, also when it is in a folder that only root has on its PATH. */
export function findProgram(name: string): string {
  for (const folder of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin']) {
    const path = join(folder, name);
    if (folder !== '' && existsSync(path)) return path;
  }
  throw new Error(`expected the program ${name}, found none; scripts/setup installs it`);
}

/** Writes the initial file system (busybox, the early modules, our init) to `target`. */
export function writeInitramfs(kernel: KernelImage, target: string): void {
  const root = mkdtempSync(join(tmpdir(), 'ctaplab-initramfs-'));
  try {
    mkdirSync(join(root, 'bin'));
    mkdirSync(join(root, 'modules'));
    copyFileSync(findProgram('busybox'), join(root, 'bin/busybox'));
    copyFileSync(join(import.meta.dirname, 'init'), join(root, 'init'));
    chmodSync(join(root, 'init'), 0o755);
    const order: string[] = [];
    for (const module of EARLY_MODULES) {
      const shown = execFileSync(
        findProgram('modprobe'),
        ['-d', kernel.folder, '-S', kernel.version, '--show-depends', module],
        {
          encoding: 'utf8',
        },
      );
      for (const [, path] of shown.matchAll(/^insmod (\S+)/gm)) {
        const name = basename(path!);
        if (order.includes(name)) continue;
        order.push(name);
        copyFileSync(path!, join(root, 'modules', name));
      }
    }
    writeFileSync(join(root, 'modules.order'), `${order.join('\n')}\n`);
    const archive = execFileSync('sh', ['-c', 'find . | cpio --quiet -o -H newc -R 0:0'], {
      cwd: root,
      maxBuffer: 256 << 20,
    });
    writeFileSync(target, archive);
  } finally {
    rmSync(root, { recursive: true });
  }
}
