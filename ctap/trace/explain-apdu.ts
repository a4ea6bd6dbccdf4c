/** APDUs of the applets that keys have, as JSON that people read. */
import { equalBytes, fromUtf8, toHex } from '../bytes.ts';
import {
  type CommandApdu,
  encodeCommand,
  encodeResponse,
  formatStatusWord,
  Instruction,
  type ResponseApdu,
  StatusWord,
} from '../iso7816/apdu.ts';
import { FIDO_AID, FidoInstruction, STATUS_UPDATE } from '../iso7816/fido-applet.ts';
import { OATH_AID, OathInstruction } from '../oath/messages.ts';
import { decodeDeviceInfo, decodeSerial, OTP_AID, type OtpCommandName, otpCommandName } from '../token2/otp-applet.ts';
import { U2fInstruction } from '../u2f/raw-messages.ts';
import type { Json, TraceEntry } from './entry.ts';
import { type Explained, explainAnswer, explainCommand, type JsonObject } from './explain.ts';
import { explainU2fAnswer, explainU2fCommand } from './explain-u2f.ts';
import type { Secrets } from './secrets.ts';

const APPLETS = { fido: FIDO_AID, 'token2-otp': OTP_AID, oath: OATH_AID } as const;
export type AppletName = keyof typeof APPLETS;

export interface ToldApdu {
  readonly protocol: TraceEntry['protocol'];
  readonly explained: Explained;
}

/** The applet that a SELECT names, by the whole identifier or its beginning; undefined for one that is not known. */
export function selectedApplet({ data }: CommandApdu): AppletName | undefined {
  const names = Object.keys(APPLETS) as AppletName[];
  return names.find((name) => data.length >= 5 && equalBytes(APPLETS[name].subarray(0, data.length), data));
}

export function isSelect({ cla, ins, p1 }: CommandApdu): boolean {
  return cla === 0x00 && ins === Instruction.SELECT && p1 === 0x04;
}

/** True for what travels as NFCCTAP_MSG. */
export function isCtapMessage({ cla, ins }: CommandApdu, applet: AppletName | undefined): boolean {
  return applet === 'fido' && cla === 0x80 && ins === FidoInstruction.MSG;
}

/** True for U2F over the FIDO applet. */
function isU2f({ cla, ins }: CommandApdu, applet: AppletName | undefined): boolean {
  return applet === 'fido' && cla === 0x00 && Object.values<number>(U2fInstruction).includes(ins);
}

/** A whole command. Never throws. */
export function explainApdu(command: CommandApdu, applet: AppletName | undefined, secrets: Secrets): ToldApdu {
  if (isCtapMessage(command, applet)) return { protocol: 'ctap2', explained: explainCommand(command.data, secrets) };
  if (isU2f(command, applet)) {
    const apdu = encodeCommand({ ...command, le: 65536 }, { extended: true });
    return { protocol: 'u2f', explained: explainU2fCommand(apdu) };
  }
  const { protocol, name, secret } = identify(command, applet);
  if (isSelect(command)) {
    const selected = selectedApplet(command);
    return {
      protocol,
      explained: { name, fields: { aid: toHex(command.data), ...(selected && { applet: selected }) } },
    };
  }
  const { cla, ins, p1, p2, data } = command;
  const header = toHex(Uint8Array.of(cla, ins, p1, p2));
  return { protocol, explained: { name, fields: { header, ...dataField(data, secret, secrets) } } };
}

/** Its whole answer. Never throws. */
export function explainApduAnswer(
  command: CommandApdu | undefined,
  applet: AppletName | undefined,
  response: ResponseApdu,
  secrets: Secrets,
): ToldApdu {
  const { data, statusWord } = response;
  const failed = statusWord !== StatusWord.NO_ERROR;
  const said = { status: formatStatusWord(statusWord), failed };
  if (command === undefined) {
    return { protocol: 'iso7816', explained: { name: 'answer', ...said, fields: dataField(data, true, secrets) } };
  }
  if (isCtapMessage(command, applet) && statusWord !== STATUS_UPDATE && !failed) {
    return { protocol: 'ctap2', explained: explainAnswer(command.data[0], data, secrets) };
  }
  if (isU2f(command, applet))
    return { protocol: 'u2f', explained: explainU2fAnswer(command.ins, encodeResponse(response)) };
  const { protocol, name, secret, otp } = identify(command, applet);
  const fields = failed ? undefined : readFields(command, otp, data);
  return { protocol, explained: { name, ...said, fields: fields ?? dataField(data, secret, secrets) } };
}

interface Identity {
  readonly protocol: TraceEntry['protocol'];
  readonly name: string;
  /** Whether command or answer carries a secret or a code. */
  readonly secret: boolean;
  readonly otp?: OtpCommandName | undefined;
}

const SECRET_OTP: ReadonlySet<OtpCommandName> = new Set([
  'writeButtonSeed',
  'writeEntry',
  'readEntries',
  'readNextPage',
]);
const OATH_NAMES = new Map<number, string>(Object.entries(OathInstruction).map(([name, code]) => [code, name]));
const OATH_OPEN: ReadonlySet<number> = new Set([
  OathInstruction.DELETE,
  OathInstruction.RESET,
  OathInstruction.RENAME,
  OathInstruction.LIST,
]);

/** Interindustry instructions that cards of this kind are asked: ISO/IEC 7816-4 §11. */
const ISO_NAMES: ReadonlyMap<number, string> = new Map([
  [0x20, 'VERIFY'],
  [0x24, 'CHANGE REFERENCE DATA'],
  [0x2c, 'RESET RETRY COUNTER'],
  [0x82, 'EXTERNAL AUTHENTICATE'],
  [0x87, 'GENERAL AUTHENTICATE'],
  [0x88, 'INTERNAL AUTHENTICATE'],
  [0xa4, 'SELECT'],
  [0xb0, 'READ BINARY'],
  [0xc0, 'GET RESPONSE'],
  [0xca, 'GET DATA'],
  [0xcb, 'GET DATA'],
  [0xda, 'PUT DATA'],
  [0xdb, 'PUT DATA'],
]);
/** Whose data are PINs, keys or what proves them. */
const ISO_SECRET: ReadonlySet<number> = new Set([0x20, 0x24, 0x2c, 0x82, 0x87, 0x88, 0xda, 0xdb]);
const SECURE_MESSAGING = 0x04;

function identify(command: CommandApdu, applet: AppletName | undefined): Identity {
  const { cla, ins } = command;
  if (isSelect(command)) return { protocol: 'iso7816', name: 'SELECT', secret: false };
  const otp = applet === 'token2-otp' || cla === 0x80 ? otpCommandName(command) : undefined;
  if (otp !== undefined) return { protocol: 'token2-otp', name: otp, secret: SECRET_OTP.has(otp), otp };
  if (applet === 'fido' && cla === 0x80) {
    const name = Object.entries(FidoInstruction).find(([, code]) => code === ins)?.[0];
    if (name !== undefined)
      return { protocol: 'iso7816', name: `NFCCTAP_${name}`, secret: ins === FidoInstruction.MSG };
  }
  const oath = applet === 'oath' && cla === 0x00 ? OATH_NAMES.get(ins) : undefined;
  if (oath !== undefined) return { protocol: 'oath', name: oath, secret: !OATH_OPEN.has(ins) };
  const name = ISO_NAMES.get(ins) ?? `instruction 0x${ins.toString(16).padStart(2, '0')}`;
  // What a vendor's instruction carries is not known: Token2's seeds are among it.
  return { protocol: 'iso7816', name, secret: ISO_SECRET.has(ins) || (cla & (0x80 | SECURE_MESSAGING)) !== 0 };
}

function readFields(command: CommandApdu, otp: OtpCommandName | undefined, data: Uint8Array): JsonObject | undefined {
  try {
    if (otp === 'readDeviceInfo') {
      const { disabledInterfaces, details } = decodeDeviceInfo(data);
      if (details === undefined) return { disabledInterfaces };
      const { appearance, fidoVersion, ...flags } = details;
      return {
        disabledInterfaces,
        ...(flags as Record<string, Json>),
        appearance: toHex(appearance),
        fidoVersion: fidoVersion.join('.'),
      };
    }
    if (otp === 'readSerial') return { serial: decodeSerial(data) };
    if (isSelect(command) && selectedApplet(command) === 'fido') return { version: fromUtf8(data) };
    return undefined;
  } catch {
    return undefined; // not of that form: shown as bytes
  }
}

function dataField(data: Uint8Array, secret: boolean, secrets: Secrets): JsonObject | undefined {
  if (data.length === 0) return undefined;
  return { data: secret ? secrets.tell(data) : toHex(data) };
}
