/** `ctaplab attach`: a key for the pages of a Chromium that somebody has open. */
import type { Command } from 'commander';
import type { KeyChoice } from '../browsers/choose-key.ts';
import type { UserPin } from '../browsers/held-key.ts';
import type { PinRequest } from '../webauthn/ui.ts';
import { closing } from './closing.ts';
import { Failure } from './failure.ts';
import { Output } from './output.ts';
import { askHidden, readSecrets } from './secret-input.ts';
import { StopRequest } from './terminal.ts';
import { verb } from './verb.ts';

interface AttachOptions {
  readonly json?: boolean;
  readonly device?: string;
  readonly pinFile?: string;
}

export function command(): Command {
  return verb('attach', 'give the pages of a running Chromium a key, without a driver', [
    'attach 127.0.0.1:9222',
    'attach 127.0.0.1:9222 --device lab:2 --pin-file pin.txt',
  ])
    .argument('<host:port>', 'DevTools of a browser started with --remote-debugging-port and --user-data-dir')
    .option(
      '--device <device>',
      'lab:KEY, hidraw:PATH, udp:HOST:PORT or pcsc:READER (default: the first key of the lab)',
    )
    .option('--pin-file <file>', 'what is entered when a page has the PIN asked for (default: the terminal is asked)')
    .addHelpText('after', '\nA lab’s key is touched in the lab. SIGINT and SIGTERM end it; load open pages anew then.')
    .action(run);
}

function run(address: string, options: AttachOptions): Promise<void> {
  return closing(async (onClose) => {
    const output = new Output(options);
    const stop = new StopRequest();
    onClose(() => stop.close());
    const { withDebuggedChromium } = await import('../browsers/debugged-chromium.ts');
    const pin = await pinOf(options);
    const key = await withDebuggedChromium<KeyChoice>(address, { ...keyChoice(options.device), pin } as KeyChoice);
    onClose(() => key.close());
    const { device = 'the first key of the lab' } = options;
    output.document({ pid: process.pid, browser: address, device: options.device ?? null });
    output.line(`ready  the pages of ${output.colors.bold(address)} have ${device}`);
    await stop.requested;
  });
}

/** Where a lab keeps the key, it is found by its id; else by the DEVICE name. */
function keyChoice(device: string | undefined): KeyChoice {
  if (device === undefined) return { lab: 'running' };
  return device.startsWith('lab:') ? { lab: 'running', key: device.slice(4) } : { device };
}

async function pinOf({ pinFile }: AttachOptions): Promise<UserPin | undefined> {
  if (pinFile !== undefined) return (await readSecrets([{ name: 'PIN', file: pinFile, fresh: false }]))[0];
  return process.stdin.isTTY ? askForPin : undefined;
}

/** Cancelling the prompt cancels the browser's dialog. */
async function askForPin({ rpId, authenticator, reason, attempts }: PinRequest): Promise<string | undefined> {
  const left = attempts === undefined ? '' : ` (${attempts} attempts left)`;
  try {
    return await askHidden(`${rpId} wants the PIN of ${authenticator}: ${reason} it${left}: `);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
