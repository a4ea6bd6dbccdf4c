/** `ctaplab reset`: takes a key back to how it was made (CTAP 2.3 §6.6). */
import type { Command } from 'commander';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { type OpenedDevice, openDevice } from './devices.ts';
import { Failure } from './failure.ts';
import { called, consent, type ManagementOptions, onDevice } from './management.ts';
import { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { CARD, replugByHand, replugInLab, WINDOW, whenOpen } from './replug.ts';
import { verb } from './verb.ts';

/** The keepalive status of a key that waits for its user (CTAP 2.3 §11.2.9.1.7). */
const UPNEEDED = 2;

export function command(): Command {
  const reset = verb('reset', 'delete all credentials, the PIN, fingers and settings of a key', [
    'reset lab:1',
    'reset hidraw:/dev/hidraw0',
  ]);
  return onDevice(reset)
    .option('--yes', 'do it to a physical key without asking')
    .addHelpText(
      'after',
      `
A key takes a reset within ${WINDOW} of being plugged in, and a touch with it.
A key in your hand: unplug it and plug it in again when you are told to.
A key of a running lab is pulled out and plugged in by the lab.`,
    )
    .action((device: string | undefined, options: ManagementOptions) => resetKey(device, options));
}

async function resetKey(name: string | undefined, options: ManagementOptions): Promise<void> {
  const output = new Output(options);
  const before = await openDevice(name);
  let opened = before;
  try {
    assertResettable(before, await before.ctap2.getInfo());
    const what = called(before);
    const question = `Reset ${what}? Its passkeys, PIN, fingers and settings are deleted, and no site knows it any more.`;
    await consent(before, options, question, `all credentials of ${what} would be gone for ever`);
    opened = await powerUp(before, output);
    await erase(opened, output);
    output.document({ device: opened.name, reset: true });
    output.line(`${called(opened)} is as it was made.`);
  } finally {
    await opened.close();
  }
}

function assertResettable(opened: OpenedDevice, { transportsForReset }: GetInfoResponse): void {
  const [way, ...names] = opened.name.startsWith(CARD) ? ['a card reader', 'nfc', 'smart-card'] : ['USB', 'usb'];
  if (transportsForReset === undefined || names.some((name) => transportsForReset.includes(name))) return;
  const next = `Reset it over ${transportsForReset.join(' or ')}.`;
  throw new Failure('refused', `${called(opened)} takes no reset over ${way}`, next);
}

/** The key after a power-up. A fresh virtual one has just had it. */
async function powerUp(opened: OpenedDevice, output: Output): Promise<OpenedDevice> {
  const { name } = opened;
  if (name.startsWith('virtual')) return opened;
  if (!opened.physical) {
    await opened.close();
    // a key behind a port that no lab knows is as its owner has left it
    return openDevice((await replugInLab(name)) ?? name);
  }
  await opened.close(); // a node that is open does not go
  const back = await replugByHand(name, called(opened), (sentence) => output.instruct(sentence), {
    again: 'Plug it in again, and touch it when it blinks,',
  });
  return whenOpen(() => openDevice(back));
}

async function erase(opened: OpenedDevice, output: Output): Promise<void> {
  const { longTouchForReset } = await opened.ctap2.getInfo();
  let told = false;
  const onKeepalive = (status: number) => {
    if (status !== UPNEEDED || told) return;
    told = true;
    output.instruct(longTouchForReset ? 'Touch the key and hold it until it stops blinking.' : 'Touch the key.');
  };
  try {
    await opened.ctap2.reset({ onKeepalive });
  } catch (cause) {
    if (!(cause instanceof Error && 'statusName' in cause && cause.statusName === 'CTAP2_ERR_NOT_ALLOWED')) throw cause;
    const next = `Plug it in again and run at once: ${PROGRAM} reset ${opened.name}`;
    throw new Failure('refused', `${called(opened)} takes a reset only within ${WINDOW} of power-up`, next, { cause });
  }
}
