/** What stands between a transport's framing and the key: whole messages in, whole messages out. */

/** What carries a request, as getInfo's transports name it: CTAPHID, or a reader of smart cards. */
export type CarryingTransport = 'usb' | 'nfc';

/** One request under way: how it is cancelled, and how the key says what it is doing. */
export interface Exchange {
  /** Undefined where the caller has the key in its own process. */
  readonly transport?: CarryingTransport;
  /** Aborted by CANCEL, by another INIT on the channel, or by unplugging. */
  readonly signal: AbortSignal;
  /** Tells what a keepalive should say from now on: 1 processing, 2 user presence needed (CTAP 2.3 §11.2.9.2.5). */
  keepalive(status: KeepaliveStatus): void;
}

export const KeepaliveStatus = { PROCESSING: 1, UPNEEDED: 2 } as const;
export type KeepaliveStatus = (typeof KeepaliveStatus)[keyof typeof KeepaliveStatus];

/** The key as its transports see it. */
export interface MessageHandler {
  /** CTAPHID capability flags (CTAP 2.3 §11.2.9.1.3): 1 wink, 4 CBOR, 8 no MSG. */
  readonly capabilities: number;
  /** Device version numbers of the INIT answer, a byte each. */
  readonly deviceVersion: readonly [major: number, minor: number, build: number];
  /** A CTAP2 request (command byte, CBOR) to its answer (status byte, CBOR). Never rejects. */
  cbor(request: Uint8Array, exchange: Exchange): Promise<Uint8Array>;
  /** A raw U2F request APDU to its answer with the status word. Never rejects. */
  msg(request: Uint8Array, exchange: Exchange): Promise<Uint8Array>;
  /** Blinks or beeps. */
  wink(): void;
}

/** A key plugged in over HID: 64-byte reports without report id, both ways. */
export interface HidPlug {
  receive(report: Uint8Array): void;
  /** The same as feature reports, where the key has some: takes one; false where it is none of the key's. */
  setFeature?(report: Uint8Array): boolean;
  /** The feature report that the host may read now; undefined where there is none. */
  getFeature?(): Uint8Array | undefined;
  unplug(): void;
}
