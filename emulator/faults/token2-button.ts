/** Faults about the seed that a touch of a Token2 key types codes of. */
import { StatusWord } from '../../ctap/iso7816/apdu.ts';
import type { Fault } from './fault.ts';
import { otpAnswers, sealedFault } from './otp-faults.ts';

const { NO_ERROR } = StatusWord;
const MOST = 64;
/** Where the device info tells of a seed. */
const STATE = 1;
const SEED_PRESENT = 0x80;

/** A seed that is answered with success, and not kept. @param when of digits, length as told, length */
function takes(id: string, summary: string, when: (digits: number, told: number, length: number) => boolean): Fault {
  return sealedFault(`token2-${id}`, summary, 'writeButtonSeed', ([digits = 0, told = 0, ...seed]) =>
    when(digits, told, seed.length) ? NO_ERROR : undefined,
  );
}

export const token2ButtonFaults: readonly Fault[] = [
  otpAnswers('token2-hides-button-seed', 'says that it has no seed for its button', ({ data, statusWord }, _, seen) =>
    seen?.name === 'readDeviceInfo' && statusWord === NO_ERROR && data.length > STATE
      ? { data: data.with(STATE, data[STATE]! & ~SEED_PRESENT) }
      : undefined,
  ),
  takes(
    'keeps-button-seed',
    'says that its button has no seed any more, and keeps it',
    (digits, told) => digits === 0 && told === 0,
  ),
  takes(
    'takes-button-seed-of-seven-digits',
    'says that it takes seeds for its button of 7 digits',
    (digits) => digits === 7,
  ),
  takes(
    'takes-long-button-seed',
    'says that it takes seeds for its button of more than 64 bytes',
    (_, told, length) => told > MOST && length === told,
  ),
  takes(
    'takes-cut-button-seed',
    'says that it takes seeds for its button that end early',
    (_, told, length) => length < told,
  ),
];
