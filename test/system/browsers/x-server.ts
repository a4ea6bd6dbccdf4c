/** Debian's X server in the guest: its screen is in memory, its keyboards are the kernel's, as they come and go. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** `GrabDevice`: what is typed is the X server's alone, or the kernel's console would read it as well. */
const CONFIGURATION = `
Section "ServerFlags"
  Option "AutoAddGPU" "off"
  Option "DontVTSwitch" "on"
EndSection
Section "Device"
  Identifier "memory"
  Driver "dummy"
  VideoRam 8192
EndSection
Section "Monitor"
  Identifier "none"
  HorizSync 5-1000
  VertRefresh 5-200
EndSection
Section "Screen"
  Identifier "screen"
  Device "memory"
  Monitor "none"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Modes "1024x768"
  EndSubSection
EndSection
Section "InputClass"
  Identifier "keyboards"
  MatchIsKeyboard "on"
  Driver "evdev"
  Option "GrabDevice" "on"
EndSection
`;

export interface XServer {
  /** As `:0`, for the variable DISPLAY. */
  readonly display: string;
  stop(): Promise<void>;
}

/** Starts the server, and waits until it serves. The consoles stay as they are. */
export async function startXServer(): Promise<XServer> {
  const folder = await mkdtemp(join(tmpdir(), 'x-server-'));
  const configuration = join(folder, 'xorg.conf');
  await writeFile(configuration, CONFIGURATION);
  const files = ['-config', configuration, '-logfile', join(folder, 'log')];
  const manners = ['-sharevts', '-novtswitch', '-noreset', '-nolisten', 'tcp'];
  const server = spawn('/usr/lib/xorg/Xorg', [...files, ...manners, '-displayfd', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const ended = once(server, 'exit');
  const complaint = text(server.stderr!);
  const told = await Promise.race([
    once(server.stdio[3] as Readable, 'data').then(([data]) => String(data).trim()),
    ended.then(async () => {
      throw new Error(`expected an X server, it ended: ${await complaint}`);
    }),
  ]);
  return {
    display: `:${told}`,
    async stop() {
      server.kill();
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
