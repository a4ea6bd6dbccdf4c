/** What a Token2 key tells of itself over its OTP applet, and how that goes with what it says elsewhere. */
import { toHex } from '../../../ctap/bytes.ts';
import type { GetInfoResponse } from '../../../ctap/commands/get-info.ts';
import { HidCommand } from '../../../ctap/hid/packet.ts';
import { type ResponseApdu, StatusWord, selectCommand } from '../../../ctap/iso7816/apdu.ts';
import { decodeAtr } from '../../../ctap/iso7816/atr.ts';
import { FIDO_AID } from '../../../ctap/iso7816/fido-applet.ts';
import { securityKeyOfSerial } from '../../../ctap/token2/models.ts';
import {
  ATR_COMMAND,
  type DeviceFlags,
  DisabledInterface,
  decodeSerial,
  encodeSerialRequest,
  OtpCommand,
  readTokenHistoricalBytes,
} from '../../../ctap/token2/otp-applet.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import { accepted, expectRefusal, OtpApplet } from '../otp-applet.ts';
import type { Subject } from '../subject.ts';
import { check, TOKEN2, TOKEN2_CARD, TOKEN2_HID } from './token2-steps.ts';

const CONFIG = 'read config';
const INFO_SIZE = 10;
/** What release 3.1 wants before it tells its serial number. */
const PREPARE = Uint8Array.of(4);

/** Some firmware tells its serial number only where the FIDO applet is selected. */
async function serialAnswer(key: Subject): Promise<ResponseApdu> {
  const otp = await OtpApplet.open(key);
  await otp.send({ ...OtpCommand.prepareSerial, data: PREPARE });
  const ask = () => otp.send({ ...OtpCommand.readSerial, data: encodeSerialRequest() });
  const answer = await ask();
  if (answer.statusWord === StatusWord.NO_ERROR || key.bench.carrier === 'hid') return answer;
  await otp.send(selectCommand(FIDO_AID));
  return ask();
}

async function serialOf(key: Subject): Promise<string> {
  return decodeSerial(accepted(await serialAnswer(key)));
}

/** A bit of the device info that getInfo tells as well. */
function agrees(
  flag: keyof DeviceFlags,
  what: string,
  told: (info: GetInfoResponse) => boolean,
  fault: string,
  { severity, unless }: { severity?: 'warning'; unless?: (info: GetInfoResponse) => string | undefined } = {},
): Check {
  const statement = `The device info tells ${what} as getInfo does.`;
  const needs = { ...TOKEN2, ctap2: true, ...(unless && { unless }) };
  const run = async (key: Subject) => {
    const expected = told(await key.info()); // in a reader getInfo is not at hand once the OTP applet is selected
    expectEqual((await (await OtpApplet.open(key)).details())[flag], expected, flag);
  };
  return check(`info.${flag}`, CONFIG, statement, fault, run, { needs, ...(severity && { severity }) });
}

/** Changes a setting, and puts it back. */
function setting(flag: 'noEnter' | 'longTouch' | 'keypad', command: keyof typeof OtpCommand, what: string): Check {
  const fault = `forgets-${flag.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`;
  const statement = `The setting of ${what} is told by the device info once it was changed.`;
  return check(`setting.${flag}`, `HOTP ${what}`, statement, fault, async (key) => {
    const otp = await OtpApplet.open(key);
    const before = await otp.details();
    if (before.buttonHotpNotSupported) throw new NotApplicable('the key does not type passwords');
    const set = (on: boolean) => otp.send({ ...OtpCommand[command], data: Uint8Array.of(on ? 1 : 0) });
    try {
      accepted(await set(!before[flag]));
      expectEqual((await otp.details())[flag], !before[flag], flag);
    } finally {
      await set(before[flag]);
    }
  });
}

/** A setting with a body of another length than one byte; it says what is set already. */
function settingOf(length: 0 | 2, what: string, fault: string): Check {
  const name = length === 0 ? 'setting.empty' : 'setting.long';
  const run = async (key: Subject) => {
    const otp = await OtpApplet.open(key);
    const { noEnter, buttonHotpNotSupported } = await otp.details();
    if (buttonHotpNotSupported) throw new NotApplicable('the key does not type passwords');
    const data = new Uint8Array(length).fill(noEnter ? 1 : 0);
    expectRefusal(await otp.send({ ...OtpCommand.setNoEnter, data }));
  };
  return check(name, 'HOTP enter', `A setting ${what} is refused.`, fault, run, { severity: 'warning' });
}

export const token2InfoChecks: CheckGroup = {
  name: 'Token2 device info',
  checks: [
    check(
      'info.length',
      CONFIG,
      'The device info has at least ten bytes; over CCID one may be all.',
      'info-of-nine-bytes',
      async (key) => {
        const { length } = await (await OtpApplet.open(key)).info();
        const fits = length >= INFO_SIZE || (length === 1 && key.bench.carrier === 'card');
        expect(fits, `at least ${INFO_SIZE} bytes`, length);
      },
    ),
    check('info.le', CONFIG, 'With Le 1 the device info is its first byte alone.', 'info-ignores-le', async (key) => {
      const otp = await OtpApplet.open(key);
      const [first] = await otp.info();
      const { cla, ins, p1, p2 } = OtpCommand.readDeviceInfo;
      const answer = await otp.raw(cla, ins, p1, p2, 1);
      expectEqual(toHex(answer.data), toHex(Uint8Array.of(first!)), 'the device info');
    }),
    check(
      'info.body',
      CONFIG,
      'A body of ten bytes asks for the device info as Le 10 does.',
      'info-refuses-body',
      async (key) => {
        const otp = await OtpApplet.open(key);
        const info = await otp.info();
        const answer = await otp.send({ ...OtpCommand.readDeviceInfo, data: new Uint8Array(INFO_SIZE) });
        expectEqual(accepted(answer), info, 'the device info');
      },
      { severity: 'warning' },
    ),
    check(
      'info.interfaces',
      CONFIG,
      'A key that answers over HID has its FIDO interface among those that are on.',
      'info-says-fido-off',
      async (key) => {
        const [mask] = await (await OtpApplet.open(key)).info();
        expect((mask! & DisabledInterface.FIDO) === 0, 'bit 1 of the first byte to be 0', mask);
      },
      { needs: TOKEN2_HID },
    ),
    agrees('pinSet', 'whether a PIN is set', ({ options }) => options?.clientPin === true, 'info-inverts-pin-set'),
    check(
      'info.pinLocked',
      CONFIG,
      'The device info says that the PIN is locked just where it has no attempts left.',
      'info-says-pin-locked',
      async (key) => {
        const locked = key.state.pin && (await key.pin.getPinRetries()).retries === 0;
        expectEqual((await (await OtpApplet.open(key)).details()).pinLocked, locked, 'pinLocked');
      },
      { needs: { ...TOKEN2, ctap2: true, pin: true } },
    ),
    agrees(
      'fingerprintSensor',
      'whether there is a fingerprint sensor',
      ({ options }) => options?.bioEnroll !== undefined || options?.userVerificationMgmtPreview !== undefined,
      'info-inverts-fingerprint-sensor',
    ),
    agrees(
      'nfc',
      'whether there is NFC',
      ({ transports }) => transports?.includes('nfc') === true,
      'info-inverts-nfc',
      {
        severity: 'warning',
        unless: ({ transports }) => (transports === undefined ? 'getInfo has no transports' : undefined),
      },
    ),
    agrees(
      'fido21',
      'whether there is FIDO 2.1',
      ({ versions }) => versions.includes('FIDO_2_1'),
      'info-inverts-fido-2.1',
      { severity: 'warning' },
    ),
    check(
      'info.totpSupported',
      CONFIG,
      'The device info says that there are entries where they can be read.',
      'info-hides-entries',
      async (key) => {
        const otp = await OtpApplet.open(key);
        const { totpSupported } = await otp.details();
        const { statusWord } = await otp.readAll();
        const known: readonly number[] = [StatusWord.NO_ERROR, StatusWord.WRONG_DATA, StatusWord.RECORD_NOT_FOUND];
        const readable = known.includes(statusWord) || statusWord >> 8 === 0x61;
        expect(totpSupported || !readable, 'totpSupported', 'entries, and not the bit');
      },
      { severity: 'warning' },
    ),
    check(
      'serial.digits',
      'serial',
      'The serial number is told in decimal digits.',
      'serial-in-hexadecimal',
      async (key) => {
        const serial = await serialOf(key);
        expect(/^\d{8,}$/.test(serial), 'at least 8 digits', serial);
      },
    ),
    check(
      'serial.model',
      'Identity',
      'The first five digits of the serial number name a model of Token2 that is public.',
      'serial-of-no-model',
      async (key) => {
        const serial = await serialOf(key);
        expect(securityKeyOfSerial(serial) !== undefined, 'the prefix of a known model', serial.slice(0, 5));
      },
      { severity: 'warning' },
    ),
    check(
      'serial.atr',
      'Identity',
      'The ATR ends in the last eight digits of the serial number, where it is in the form of Token2.',
      'serial-of-another-key',
      async (key) => {
        const historical = readTokenHistoricalBytes(decodeAtr(key.card.atr ?? new Uint8Array(0)).historicalBytes);
        if (historical === undefined) throw new NotApplicable('the ATR is a general one');
        expectEqual((await serialOf(key)).slice(-8), historical.serialSuffix, 'the end of the serial number');
      },
      { needs: TOKEN2_CARD },
    ),
    check(
      'atr.vendorCommand',
      'Identity',
      'CTAPHID vendor command 41 answers an ATR.',
      'atr-command-unknown',
      async (key) => {
        const { wire } = key;
        const { command, data } = await wire.transact(await wire.open(), ATR_COMMAND, new Uint8Array(0));
        expect(command !== HidCommand.ERROR, 'an ATR', `CTAPHID_ERROR ${data[0]}`);
        decodeAtr(data);
      },
      { needs: TOKEN2_HID, severity: 'warning' },
    ),
    setting('noEnter', 'setNoEnter', 'enter'),
    setting('longTouch', 'setLongTouch', 'touch'),
    setting('keypad', 'setKeypad', 'keyboard'),
    settingOf(0, 'without a byte', 'takes-empty-setting'),
    settingOf(2, 'of two bytes', 'takes-long-setting'),
  ],
};
