/** A raw way to a key over HID: 64-byte reports without report id, both ways. */
export interface HidConnection {
  /** What the device calls itself, where the transport knows. */
  readonly product?: string | undefined;
  /** Sends one report; rejects when the device is gone. */
  write(report: Uint8Array): Promise<void>;
  /** The one listener of reports that come in. */
  onReport(listener: (report: Uint8Array) => void): void;
  /** Called once when the device disappears or fails; never after close(). */
  onGone(listener: (error: Error) => void): void;
  close(): Promise<void>;
}

/** A raw way to a smart card, or to what answers APDUs as one does. */
export interface CardConnection {
  /** Human name: of the reader, or of the device. */
  readonly name: string;
  /** Answer to reset, where there is a reader that tells it. */
  readonly atr?: Uint8Array | undefined;
  /** One command APDU to its answer; rejects when the card is gone. Calls queue. */
  transmit(apdu: Uint8Array): Promise<Uint8Array>;
  /** Resets the card, which keeps the connection and loses all else; undefined for a way that has no reset. */
  reset?(): Promise<void>;
  close(): Promise<void>;
}

/** The device is not there, or not there any more. */
export class DeviceGoneError extends Error {
  readonly code = 'ENODEV';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DeviceGoneError';
  }
}
