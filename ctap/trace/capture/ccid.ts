/** APDUs in messages of smart-card readers over USB: CCID 1.1 §6, readers that exchange whole APDUs. */
import { concat } from '../../bytes.ts';

const HEADER = 10;
const CcidMessage = { XFR_BLOCK: 0x6f, DATA_BLOCK: 0x80 } as const;
/** bmCommandStatus of bStatus: the reader asks for more time. */
const TIME_EXTENSION = 0x80;
const COMMAND_STATUS = 0xc0;
/** Longer than any extended APDU. */
const MAX_LENGTH = 0x20000;

/** PC_to_RDR_XfrBlock, or RDR_to_PC_DataBlock. */
export function encodeCcid(direction: 'in' | 'out', sequence: number, apdu: Uint8Array): Uint8Array {
  const header = new Uint8Array(HEADER);
  header[0] = direction === 'in' ? CcidMessage.XFR_BLOCK : CcidMessage.DATA_BLOCK;
  new DataView(header.buffer).setUint32(1, apdu.length, true);
  header[6] = sequence & 0xff;
  return concat(header, apdu);
}

/** How the block that is to come continues: bits of wLevelParameter and bChainParameter. */
const BEGINS_AND_GOES_ON = 1;
const GOES_ON = 3;

/** Puts together what bulk transfers of one direction carry; other messages than APDUs are passed over. */
export class CcidAssembler {
  #pending: Uint8Array = new Uint8Array();
  #apdu: Uint8Array[] = [];

  /** Takes a transfer; gives the APDUs that it completes. */
  accept(data: Uint8Array): Uint8Array[] {
    this.#pending = concat(this.#pending, data);
    const whole: Uint8Array[] = [];
    while (this.#pending.length >= HEADER) {
      const view = new DataView(this.#pending.buffer, this.#pending.byteOffset);
      const length = view.getUint32(1, true);
      if (length > MAX_LENGTH) {
        this.#pending = new Uint8Array(); // not at the beginning of a message: the next transfer may be
        break;
      }
      if (this.#pending.length < HEADER + length) break;
      const message = this.#pending.slice(0, HEADER + length);
      this.#pending = this.#pending.slice(HEADER + length);
      const apdu = this.#take(message);
      if (apdu !== undefined) whole.push(apdu);
    }
    return whole;
  }

  #take(message: Uint8Array): Uint8Array | undefined {
    const type = message[0];
    if (type !== CcidMessage.XFR_BLOCK && type !== CcidMessage.DATA_BLOCK) return undefined;
    if (type === CcidMessage.DATA_BLOCK && (message[7]! & COMMAND_STATUS) === TIME_EXTENSION) return undefined;
    const level = type === CcidMessage.XFR_BLOCK ? message[8]! : message[9]!;
    const block = message.subarray(HEADER);
    if (block.length === 0) return undefined; // asks for the rest of an answer, or says that it wants the rest
    this.#apdu.push(block);
    if (level === BEGINS_AND_GOES_ON || level === GOES_ON) return undefined;
    const apdu = concat(...this.#apdu);
    this.#apdu = [];
    return apdu;
  }
}
