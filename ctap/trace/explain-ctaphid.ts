/** CTAPHID's own messages as JSON that people read: CTAP 2.3 §11.2.9. */
import { toHex } from '../bytes.ts';
import { decodeByte, decodeInitResponse, INIT_NONCE_SIZE } from '../hid/channel-messages.ts';
import { HidCapability, HidCommand } from '../hid/packet.ts';
import { statusName } from '../status.ts';
import type { Explained, JsonObject } from './explain.ts';

const { VENDOR_FIRST, VENDOR_LAST, ...COMMANDS } = HidCommand;
const names = new Map<number, string>(Object.entries(COMMANDS).map(([name, code]) => [code, `CTAPHID_${name}`]));

/** As `CTAPHID_PING`. */
export function hidCommandName(command: number): string {
  const hex = `0x${command.toString(16).padStart(2, '0')}`;
  const kind = command >= VENDOR_FIRST && command <= VENDOR_LAST ? 'CTAPHID vendor command' : 'CTAPHID command';
  return names.get(command) ?? `${kind} ${hex}`;
}

/** Eight hexadecimal digits. */
export function channelName(channel: number): string {
  return channel.toString(16).padStart(8, '0');
}

/** A host's message. Never throws. */
export function explainHidCommand(command: number, data: Uint8Array): Explained {
  const name = hidCommandName(command);
  switch (command) {
    case HidCommand.INIT: {
      const wrong = data.length !== INIT_NONCE_SIZE;
      const problem = `expected a nonce of ${INIT_NONCE_SIZE} bytes, got ${data.length}`;
      return { name, fields: { nonce: toHex(data) }, problems: wrong ? [problem] : undefined };
    }
    case HidCommand.LOCK:
      return oneByte(name, data, (seconds) => ({ seconds }));
    case HidCommand.KEEPALIVE:
    case HidCommand.ERROR:
      return { name, fields: rest(data), problems: ['expected a command of a host, got one of devices'] };
    default:
      return { name, fields: rest(data) };
  }
}

/** A key's message. Never throws. */
export function explainHidAnswer(command: number, data: Uint8Array): Explained {
  const name = hidCommandName(command);
  switch (command) {
    case HidCommand.INIT:
      return explainInit(name, data);
    case HidCommand.ERROR:
      return {
        failed: true,
        ...oneByte(name, data, () => ({})),
        status: data.length === 1 ? statusName(data[0]!) : undefined,
      };
    case HidCommand.KEEPALIVE:
      return oneByte(name, data, (status) => ({ status: KEEPALIVES.get(status) ?? status }));
    default:
      return { name, failed: false, fields: rest(data) };
  }
}

const KEEPALIVES = new Map([
  [1, 'PROCESSING'],
  [2, 'UPNEEDED'],
]);

function explainInit(name: string, data: Uint8Array): Explained {
  try {
    const { nonce, channel, protocolVersion, deviceVersion, capabilities } = decodeInitResponse(data);
    const able = Object.entries(HidCapability).filter(([, bit]) => (capabilities & bit) !== 0);
    const fields = {
      nonce: toHex(nonce),
      channel: channelName(channel),
      protocolVersion,
      deviceVersion: deviceVersion.join('.'),
      capabilities: able.map(([word]) => word),
    };
    return { name, failed: false, fields };
  } catch (error) {
    return { name, failed: false, fields: rest(data), problems: [(error as Error).message] };
  }
}

function oneByte(name: string, data: Uint8Array, read: (byte: number) => JsonObject): Explained {
  try {
    const fields = read(decodeByte(data));
    return { name, fields: Object.keys(fields).length === 0 ? undefined : fields };
  } catch (error) {
    return { name, fields: rest(data), problems: [(error as Error).message] };
  }
}

function rest(data: Uint8Array): JsonObject | undefined {
  return data.length === 0 ? undefined : { data: toHex(data) };
}
