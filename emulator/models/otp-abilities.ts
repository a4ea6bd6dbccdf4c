/** What a model's one-time password applet can do. */
import { fromHex } from '../../ctap/bytes.ts';
import { securityKeyOfSerial } from '../../ctap/token2/models.ts';
import { DisabledInterface } from '../../ctap/token2/otp-applet.ts';
import { REPORT_INTERVAL } from '../keyboard.ts';

export interface OtpAbilities {
  /** Entries that the applet holds. */
  readonly maxEntries: number;
  /** The key has a keyboard to type HOTPs on. */
  readonly buttonHotp: boolean;
  /** Interfaces that are off on a new key: DisabledInterface bits. */
  readonly disabledInterfaces: number;
  /** 4 bytes of the device info. */
  readonly appearance: Uint8Array;
  /** Milliseconds between two reports of the keyboard: how fast the key types. */
  readonly reportInterval: number;
}

/** The number of entries, the appearance and the speed are assumed. */
const COMMON: OtpAbilities = {
  maxEntries: 50,
  buttonHotp: true,
  disabledInterfaces: 0,
  appearance: fromHex('00000000'),
  reportInterval: REPORT_INTERVAL,
};

/** From this release on a new key does not type until its keyboard is switched on. */
const KEYBOARD_OFF_SINCE = 3.3;

/** The abilities of a key, by its own words first, then by the release that its serial number names. */
export function otpAbilities(serialPrefix: string, own: Partial<OtpAbilities> = {}): OtpAbilities {
  const release = Number(securityKeyOfSerial(serialPrefix)?.release ?? 0);
  const disabledInterfaces = release >= KEYBOARD_OFF_SINCE ? DisabledInterface.KEYBOARD : 0;
  return { ...COMMON, disabledInterfaces, ...own };
}
