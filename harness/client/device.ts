/** An open key that takes whole CTAP messages, whatever carries them. */

export interface ExchangeOptions {
  /** Aborting sends CTAPHID_CANCEL and waits for the key's answer (CTAP2_ERR_KEEPALIVE_CANCEL), which rejects the call. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each keepalive: 1 processing, 2 user presence needed. */
  readonly onKeepalive?: ((status: number) => void) | undefined;
  /** Milliseconds without any packet from the key after which the call rejects with CTAP1_ERR_TIMEOUT. Default 3000. */
  readonly silence?: number | undefined;
}

export interface CtapDevice {
  /** What the key said at INIT; over other carriers what is equivalent. */
  readonly hid: {
    readonly protocolVersion: number;
    readonly deviceVersion: readonly [number, number, number];
    readonly capabilities: number;
  };
  /** Human name: product string or address. */
  readonly name: string;
  /** A CTAP2 request: command byte and CBOR. Resolves to the CBOR after the status byte; rejects with CtapError for any status but 0. */
  cbor(request: Uint8Array, options?: ExchangeOptions): Promise<Uint8Array>;
  /** A U2F request APDU. Resolves to data and status word. */
  msg(request: Uint8Array, options?: ExchangeOptions): Promise<Uint8Array>;
  ping(data: Uint8Array): Promise<Uint8Array>;
  wink(): Promise<void>;
  close(): Promise<void>;
}
