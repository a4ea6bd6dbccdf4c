/** The FIDO applet of a smart card: how CTAP travels in APDUs (CTAP 2.3 §11.3, NFC). */
import { fromHex } from '../bytes.ts';

export const FIDO_AID: Uint8Array = fromHex('a0000006472f0001');

/** Instructions of class 80 (§11.3.5 and after); SERIAL is Token2's. */
export const FidoInstruction = { MSG: 0x10, GET_RESPONSE: 0x11, CONTROL: 0x12, SERIAL: 0x33 } as const;

/** P1 of NFCCTAP_MSG: the client knows NFCCTAP_GETRESPONSE. */
export const POLLED = 0x80;
/** P1 of NFCCTAP_GETRESPONSE: the client gives the command up. */
export const POLL_CANCEL = 0x11;
/** Status word: still at work; the data are a keepalive status. */
export const STATUS_UPDATE = 0x9100;
