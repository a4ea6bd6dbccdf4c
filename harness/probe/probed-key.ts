/** A key that is open to be probed. */
import type { Ctap2Client } from '../client/ctap2.ts';
import type { CtapDevice } from '../client/device.ts';
import type { PinClient } from '../client/pin.ts';
import type { CardConnection } from '../transports/connection.ts';

export interface ProbedKey {
  /** DEVICE name. */
  readonly name: string;
  readonly device: CtapDevice;
  readonly ctap2: Ctap2Client;
  readonly pin: PinClient;
  readonly carrier: 'hid' | 'card';
  /** Answer to reset of a card. */
  readonly atr?: Uint8Array | undefined;
  /** The way to Token2's OTP applet, where there is one at its end. */
  otpApplet(): Promise<{ readonly card: CardConnection; readonly selects: boolean; close(): Promise<void> }>;
}
