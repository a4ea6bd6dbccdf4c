/** What a transport asks of a key, and what it gives back once the key is plugged in. */
import type { HidPlug } from '../exchange.ts';

/** What a device says of itself on the bus. */
export interface KeyIdentity {
  readonly manufacturer: string;
  readonly product: string;
  readonly serial?: string;
  readonly vendorId: number;
  readonly productId: number;
  /** bcdDevice, as 0x0100 for 1.0. */
  readonly version: number;
}

/** A key that can be plugged in, once or several times in a row. */
export interface PluggableKey {
  readonly identity: KeyIdentity;
  /** Begins a power cycle; `send` gets every report to the host (64 bytes, no report id), which it may keep. */
  plugIn(send: (report: Uint8Array) => void, limits?: CarrierLimits): HidPlug;
  /** The boot keyboard beside it; undefined for a key that has none, or has it switched off. */
  readonly keyboard?: PluggableKeyboard | undefined;
}

/** What a way to the host can carry. */
export interface CarrierLimits {
  /** Bytes of the longest message that is sure to arrive whole: the key announces and takes no longer ones. */
  readonly maxMessageSize?: number;
}

export interface PluggableKeyboard {
  /** `send` gets every boot report (8 bytes), which it may keep. */
  plugIn(send: (report: Uint8Array) => void): KeyboardPlug;
}

/** A keyboard that is plugged in. */
export interface KeyboardPlug {
  /** Takes the host's output report: one byte of LEDs. */
  output(report: Uint8Array): void;
  unplug(): void;
}

/** A smart card that can be put into a reader. */
export interface PluggableCard {
  /** Its answer to reset. */
  readonly atr: Uint8Array;
  /** Powers the card up. */
  insertCard(): CardPlug;
}

/** A card in a reader. */
export interface CardPlug {
  /** Power off and on, or a reset: what was selected or unlocked is forgotten. */
  reset(): void;
  /** A command APDU to its answer; commands that come meanwhile wait. Never rejects. */
  transmit(apdu: Uint8Array): Promise<Uint8Array>;
  /** Takes the card out, in the middle of whatever it does. */
  remove(): void;
}

/** A key that is plugged in somewhere. */
export interface Attachment {
  /** The DEVICE name that reaches it: `hidraw:/dev/hidraw0`, `udp:127.0.0.1:PORT`. */
  readonly device: string;
  /** Unplugs; when it resolves the device is gone and its resources are free. Further calls do nothing. */
  detach(): Promise<void>;
}
