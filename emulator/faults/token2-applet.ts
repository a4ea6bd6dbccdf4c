/** Faults of Token2's OTP applet in a reader, and of what it says to commands that it does not know. */
import { Instruction, StatusWord } from '../../ctap/iso7816/apdu.ts';
import { CHAINING } from '../../ctap/iso7816/chaining.ts';
import { FIDO_AID } from '../../ctap/iso7816/fido-applet.ts';
import { OTP_AID } from '../../ctap/token2/otp-applet.ts';
import type { Fault } from './fault.ts';
import { otpAnswers, otpFault, otpWord, selects } from './otp-faults.ts';
import { said } from './otp-middle.ts';

const { NO_ERROR, FILE_NOT_FOUND, NO_PRECISE_DIAGNOSIS } = StatusWord;
const CHAINING_NOT_SUPPORTED = 0x6884;
/** 61xx: xx more bytes; 00 for 256 and more. */
const SOME_MORE = 0x6100;
const C5 = 0xc5;

export const token2AppletFaults: readonly Fault[] = [
  otpFault(
    'token2-found-once-per-power-up',
    'finds its OTP applet once, and not again before its next power-up',
    () => {
      let found = false;
      return {
        cardReset: () => {
          found = false;
        },
        apdu: async (apdu, next) => {
          if (!selects(apdu, OTP_AID)) return next(apdu);
          if (found) return said(FILE_NOT_FOUND);
          found = true;
          return next(apdu);
        },
      };
    },
  ),
  otpFault('token2-hides-fido-applet', 'does not find its FIDO applet once the OTP applet was selected', () => {
    let hidden = false;
    return {
      cardReset: () => {
        hidden = false;
      },
      apdu: async (apdu, next) => {
        if (selects(apdu, OTP_AID)) hidden = true;
        return hidden && selects(apdu, FIDO_AID) ? said(FILE_NOT_FOUND) : next(apdu);
      },
    };
  }),
  otpFault('token2-stays-selected-over-reset', 'has its OTP applet selected still after a reset of the card', () => {
    let before: Uint8Array | undefined;
    let again: Uint8Array | undefined;
    return {
      cardReset: () => {
        again = before;
      },
      apdu: async (apdu, next) => {
        const isSelect = apdu[0] === 0 && apdu[1] === Instruction.SELECT;
        if (isSelect) before = selects(apdu, OTP_AID) ? apdu : undefined;
        else if (again !== undefined) await next(again);
        again = undefined;
        return next(apdu);
      },
    };
  }),
  otpWord(
    'token2-unknown-class-as-other-error',
    'refuses a class that its OTP applet does not know with 6F00',
    StatusWord.CLA_NOT_SUPPORTED,
    NO_PRECISE_DIAGNOSIS,
    () => true,
  ),
  otpWord(
    'token2-unknown-instruction-as-other-error',
    'refuses an instruction that its OTP applet does not know with 6F00',
    StatusWord.INS_NOT_SUPPORTED,
    NO_PRECISE_DIAGNOSIS,
    () => true,
  ),
  otpWord(
    'token2-takes-unknown-parameters',
    'takes P1 and P2 that its OTP applet does not know',
    StatusWord.WRONG_P1_P2,
    NO_ERROR,
    ([, ins]) => ins === C5,
  ),
  otpWord(
    'token2-takes-length-beyond-data',
    'takes an APDU for its OTP applet that declares more data than it has',
    StatusWord.WRONG_LENGTH,
    NO_ERROR,
    (apdu) => apdu.length > 5 && apdu[4]! > apdu.length - 5,
  ),
  otpWord(
    'token2-takes-truncated-apdu',
    'takes an APDU for its OTP applet without its whole header',
    StatusWord.WRONG_LENGTH,
    NO_ERROR,
    (apdu) => apdu.length < 4,
  ),
  otpFault('token2-refuses-chains', 'takes no chained commands for its OTP applet', () => ({
    apdu: async (apdu, next) =>
      apdu[0] === (0x80 | CHAINING) && apdu[1] === C5 ? said(CHAINING_NOT_SUPPORTED) : next(apdu),
  })),
  otpAnswers(
    'token2-cuts-long-answers',
    'ends an answer of its OTP applet after 256 bytes where less than as many are left',
    ({ statusWord }, [, ins]) =>
      ins === C5 && statusWord > SOME_MORE && statusWord < SOME_MORE + 256 ? { statusWord: NO_ERROR } : undefined,
  ),
];
