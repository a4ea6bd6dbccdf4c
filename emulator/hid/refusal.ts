/** What a first packet alone shows to be wrong: CTAP 2.3 §11.2.9. */
import { INIT_NONCE_SIZE } from '../../ctap/hid/channel-messages.ts';
import {
  HidCapability,
  HidCommand,
  HidError,
  MAX_MESSAGE_SIZE,
  packetCommand,
  packetLength,
} from '../../ctap/hid/packet.ts';

/** What vendor commands (0x40 to 0x7F) answer to a message. */
export type VendorCommands = ReadonlyMap<number, (data: Uint8Array) => Uint8Array>;

/** The error that an initialization packet deserves at once, its command not being known here or its length impossible. */
export function refusal(
  packet: Uint8Array,
  capabilities: number,
  vendor: VendorCommands | undefined,
): HidError | undefined {
  const command = packetCommand(packet);
  const length = packetLength(packet);
  if (!isKnown(command, capabilities, vendor)) return HidError.INVALID_CMD;
  return length > MAX_MESSAGE_SIZE || !isPossibleLength(command, length) ? HidError.INVALID_LEN : undefined;
}

function isKnown(command: number, capabilities: number, vendor: VendorCommands | undefined): boolean {
  switch (command) {
    case HidCommand.INIT:
    case HidCommand.PING:
    case HidCommand.LOCK:
    case HidCommand.CANCEL:
      return true;
    case HidCommand.WINK:
      return (capabilities & HidCapability.WINK) !== 0;
    case HidCommand.CBOR:
      return (capabilities & HidCapability.CBOR) !== 0;
    case HidCommand.MSG:
      return (capabilities & HidCapability.NMSG) === 0;
    default: // KEEPALIVE and ERROR among them: a device says those
      return command >= HidCommand.VENDOR_FIRST && vendor?.has(command) === true;
  }
}

function isPossibleLength(command: number, length: number): boolean {
  switch (command) {
    case HidCommand.INIT:
      return length === INIT_NONCE_SIZE;
    case HidCommand.LOCK:
      return length === 1;
    case HidCommand.WINK:
      return length === 0;
    case HidCommand.CBOR: // a command byte at least
      return length > 0;
    default:
      return true;
  }
}
