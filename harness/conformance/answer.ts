/** A CTAP2 answer, whatever its status. */
export interface Answer {
  readonly status: number;
  /** What follows the status byte. */
  readonly body: Uint8Array;
}
