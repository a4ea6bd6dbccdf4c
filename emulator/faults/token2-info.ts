/** Faults in what a Token2 key tells of itself over its OTP applet. */
import { isInitPacket, packetCommand } from '../../ctap/hid/packet.ts';
import { StatusWord } from '../../ctap/iso7816/apdu.ts';
import { isCarrierReport } from '../../ctap/token2/hid-carrier.ts';
import {
  ATR_COMMAND,
  type DeviceDetails,
  type DeviceFlags,
  DisabledInterface,
  decodeDeviceInfo,
  decodeSerial,
  encodeDeviceInfo,
  encodeSerial,
  type OtpCommandName,
} from '../../ctap/token2/otp-applet.ts';
import type { Fault } from './fault.ts';
import { otpAnswers, otpFault, otpWord } from './otp-faults.ts';
import { said, seenOtpCommand } from './otp-middle.ts';

const { NO_ERROR, WRONG_LENGTH } = StatusWord;
const WHOLE = 10;
/** Where the command of an initialization packet stands, and one that no key has. */
const COMMAND_AT = 4;
const OTHER_COMMAND = 0x80 | (ATR_COMMAND + 1);

/** Another device info, where it is a whole one. */
function info(id: string, summary: string, change: (details: DeviceDetails) => Partial<DeviceDetails>): Fault {
  return otpAnswers(id, summary, ({ data, statusWord }, _, seen) => {
    if (seen?.name !== 'readDeviceInfo' || statusWord !== NO_ERROR || data.length < WHOLE) return undefined;
    const { disabledInterfaces, details } = decodeDeviceInfo(data);
    return { data: encodeDeviceInfo({ disabledInterfaces, details: { ...details!, ...change(details!) } }) };
  });
}

function inverted(id: string, what: string, flag: keyof DeviceFlags): Fault {
  return info(id, `says of ${what} the contrary in its device info`, (details) => ({ [flag]: !details[flag] }));
}

function serial(id: string, summary: string, change: (serial: string) => string): Fault {
  return otpAnswers(id, summary, ({ data, statusWord }, _, seen) =>
    seen?.name === 'readSerial' && statusWord === NO_ERROR
      ? { data: encodeSerial(change(decodeSerial(data))) }
      : undefined,
  );
}

/** A setting that is answered, and has no effect. */
function forgets(id: string, what: string, setting: OtpCommandName): Fault {
  return otpFault(id, `takes the setting of ${what} and forgets it`, () => ({
    apdu: async (apdu, next) => {
      const seen = seenOtpCommand(apdu);
      return seen?.name === setting && seen.command.data.length === 1 ? said(NO_ERROR) : next(apdu);
    },
  }));
}

const nextDigit = (digit: string) => String((Number(digit) + 1) % 10);

export const token2InfoFaults: readonly Fault[] = [
  otpAnswers(
    'token2-info-of-nine-bytes',
    'leaves the last byte of its device info out',
    ({ data, statusWord }, _, seen) =>
      seen?.name === 'readDeviceInfo' && statusWord === NO_ERROR && data.length >= WHOLE
        ? { data: data.subarray(0, WHOLE - 1) }
        : undefined,
  ),
  otpFault('token2-info-ignores-le', 'tells its whole device info, whatever Le says', () => ({
    apdu: (apdu, next) => {
      const short = apdu.length === 5 && apdu[1] === 0xc5 && apdu[2] === 0x02 && apdu[3] === 0 && apdu[4]! < WHOLE;
      return next(short ? Uint8Array.of(...apdu.subarray(0, 4), WHOLE) : apdu);
    },
  })),
  otpWord(
    'token2-info-refuses-body',
    'tells its device info only where Le asks for it',
    NO_ERROR,
    WRONG_LENGTH,
    (_, seen) => seen?.name === 'readDeviceInfo' && seen.command.data.length > 0,
  ),
  otpAnswers('token2-info-says-fido-off', 'says that its FIDO interface is off', ({ data, statusWord }, _, seen) =>
    seen?.name === 'readDeviceInfo' && statusWord === NO_ERROR
      ? { data: Uint8Array.of(data[0]! | DisabledInterface.FIDO, ...data.subarray(1)) }
      : undefined,
  ),
  inverted('token2-info-inverts-pin-set', 'whether a PIN is set', 'pinSet'),
  info('token2-info-says-pin-locked', 'says that its PIN is locked while it has attempts', () => ({ pinLocked: true })),
  inverted('token2-info-inverts-fingerprint-sensor', 'whether it has a fingerprint sensor', 'fingerprintSensor'),
  inverted('token2-info-inverts-nfc', 'whether it has NFC', 'nfc'),
  inverted('token2-info-inverts-fido-2.1', 'whether it has FIDO 2.1', 'fido21'),
  info('token2-info-hides-entries', 'says that it has no entries', () => ({ totpSupported: false })),
  serial(
    'token2-serial-in-hexadecimal',
    'tells its serial number in hexadecimal digits',
    (number) =>
      number.slice(0, 5) +
      BigInt(number.slice(5))
        .toString(16)
        .padStart(number.length - 5, 'a'),
  ),
  serial(
    'token2-serial-of-no-model',
    'begins its serial number with what no model has',
    (number) => `00000${number.slice(5)}`,
  ),
  serial(
    'token2-serial-of-another-key',
    'tells another serial number than its ATR',
    (number) => number.slice(0, -1) + nextDigit(number.slice(-1)),
  ),
  otpFault('token2-atr-command-unknown', 'does not know the vendor command for its ATR', () => ({
    received: (report, next) => {
      const isCtap = isInitPacket(report) && !isCarrierReport(report);
      const isIts = isCtap && packetCommand(report) === ATR_COMMAND;
      next(isIts ? report.with(COMMAND_AT, OTHER_COMMAND) : report);
    },
  })),
  forgets('token2-forgets-no-enter', 'Enter', 'setNoEnter'),
  forgets('token2-forgets-long-touch', 'the long touch', 'setLongTouch'),
  forgets('token2-forgets-keypad', 'the numeric keypad', 'setKeypad'),
  otpWord(
    'token2-takes-empty-setting',
    'takes a setting without its byte',
    WRONG_LENGTH,
    NO_ERROR,
    (_, seen) => isSetting(seen?.name) && seen?.command.data.length === 0,
  ),
  otpWord(
    'token2-takes-long-setting',
    'takes a setting of more than its byte',
    WRONG_LENGTH,
    NO_ERROR,
    (_, seen) => isSetting(seen?.name) && seen!.command.data.length > 1,
  ),
];

function isSetting(name: OtpCommandName | undefined): boolean {
  return name?.startsWith('set') === true;
}
