/** A key in the Linux kernel's own HID stack: its FIDO interface and, where it has one, its keyboard. */
import { CONTINUATION_PAYLOAD, INIT_PAYLOAD } from '../../ctap/hid/packet.ts';
import { fidoReportDescriptor } from '../../ctap/hid/report-descriptor.ts';
import { keyboardReportDescriptor } from '../../ctap/otp/keyboard-usages.ts';
import type { HidPlug } from '../exchange.ts';
import type { Attachment, KeyboardPlug, PluggableKey, PluggableKeyboard } from './attachment.ts';
import { PacedReports } from './paced-reports.ts';
import { UhidDevice } from './uhid-device.ts';

/**
 * Bytes of the longest message to the key. The kernel keeps 31 records for us and drops the rest, and nothing slows a
 * host down that writes a message's packets at one go. So a message has 28 packets at most; three records are left for
 * opening, closing and a cancellation.
 */
export const UHID_MAX_MESSAGE_SIZE = INIT_PAYLOAD + 27 * CONTINUATION_PAYLOAD;

export interface UhidOptions {
  /** Default /dev/uhid. */
  readonly path?: string;
}

let created = 0;

/**
 * Plugs a key into the kernel. The devices stay until they are detached or the process ends, however it ends.
 * @throws Error that tells the way out where uhid is missing or forbidden, or where no hidraw node appears
 */
export async function attachUhid(key: PluggableKey, { path = '/dev/uhid' }: UhidOptions = {}): Promise<Attachment> {
  const phys = `ctaplab/${process.pid}/${++created}`;
  const fido = await attachFido(key, path, phys);
  let keyboard: UhidPart | undefined;
  try {
    keyboard = key.keyboard && (await attachKeyboard(key, key.keyboard, path, `${phys}/keyboard`));
  } catch (error) {
    fido.close();
    throw error;
  }
  return {
    device: `hidraw:${fido.node}`,
    async detach() {
      fido.close();
      keyboard?.close();
    },
  };
}

/** One of the key's interfaces as a device of its own. */
interface UhidPart {
  readonly node: string;
  close(): void;
}

async function attachFido(key: PluggableKey, path: string, phys: string): Promise<UhidPart> {
  let plug: HidPlug | undefined;
  const device = await UhidDevice.create(
    path,
    { identity: key.identity, phys, reportDescriptor: fidoReportDescriptor() },
    {
      output: (report) => plug?.receive(report),
      setFeature: (report) => plug?.setFeature?.(report) ?? false,
      getFeature: () => plug?.getFeature?.(),
    },
  );
  const reports = new PacedReports((report) => device.send(report));
  try {
    plug = key.plugIn((report) => reports.send(report), { maxMessageSize: UHID_MAX_MESSAGE_SIZE });
  } catch (error) {
    device.close();
    throw error;
  }
  return closing(device, () => {
    plug?.unplug();
    reports.close();
  });
}

async function attachKeyboard(
  key: PluggableKey,
  keyboard: PluggableKeyboard,
  path: string,
  phys: string,
): Promise<UhidPart> {
  let plug: KeyboardPlug | undefined;
  let leds: Uint8Array | undefined; // the host sets them before the keyboard is plugged in
  const device = await UhidDevice.create(
    path,
    { identity: key.identity, phys, reportDescriptor: keyboardReportDescriptor() },
    {
      output: (report) => {
        leds = report;
        plug?.output(report);
      },
    },
  );
  plug = keyboard.plugIn((report) => device.send(report));
  if (leds !== undefined) plug.output(leds);
  return closing(device, () => plug?.unplug());
}

/** A part that is unplugged before its device goes; further calls do nothing. */
function closing(device: UhidDevice, unplug: () => void): UhidPart {
  let open = true;
  return {
    node: device.node,
    close() {
      if (!open) return;
      open = false;
      unplug();
      device.close();
    },
  };
}
