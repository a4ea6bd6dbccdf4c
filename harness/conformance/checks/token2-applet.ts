/** Token2's OTP applet as a card has it, and what it says to commands that it does not know. */
import { concat } from '../../../ctap/bytes.ts';
import { decodeResponse, encodeCommand, StatusWord, selectCommand } from '../../../ctap/iso7816/apdu.ts';
import { chainCommand, exchangeCommand } from '../../../ctap/iso7816/chaining.ts';
import { FIDO_AID } from '../../../ctap/iso7816/fido-applet.ts';
import { OTP_AID, OtpCommand } from '../../../ctap/token2/otp-applet.ts';
import { decodePage, encodeReadRequest } from '../../../ctap/token2/otp-entries.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import {
  accepted,
  entryNamed,
  expectRefusal,
  expectWord,
  isOurs,
  OtpApplet,
  PAST,
  withEntries,
} from '../otp-applet.ts';
import type { Subject } from '../subject.ts';
import { check, TOKEN2_CARD } from './token2-steps.ts';

const ISO = 'ISO/IEC 7816-4 §5';
const { cla, ins, p1, p2 } = OtpCommand.readDeviceInfo;
const ALL = { ...OtpCommand.readEntries, data: encodeReadRequest({ time: BigInt(PAST) }) };

/** An APDU that is refused with that status word. */
function refused(name: string, what: string, bytes: readonly number[], wanted: number, fault: string): Check {
  const word = wanted.toString(16).toUpperCase();
  return check(name, 'APDUs', `${what} is refused with ${word}.`, fault, async (key) => {
    expectWord(await (await OtpApplet.open(key)).raw(...bytes), wanted);
  });
}

async function select(key: Subject, aid: Uint8Array) {
  return decodeResponse(await key.card.transmit(encodeCommand(selectCommand(aid))));
}

/** Entries that together are more than a short answer holds. */
const LONG = ['a', 'b', 'c'].map((name) => entryNamed(name, { app: 'x'.repeat(64) }));

export const token2AppletChecks: CheckGroup = {
  name: 'Token2 OTP applet',
  checks: [
    check(
      'select.again',
      'APDUs',
      'The OTP applet can be selected again after the FIDO applet.',
      'found-once-per-power-up',
      async (key) => {
        await OtpApplet.open(key);
        await select(key, FIDO_AID);
        accepted(await select(key, OTP_AID));
        accepted(await key.card.transmit(Uint8Array.of(cla, ins, p1, p2, 10)).then(decodeResponse));
      },
      { needs: TOKEN2_CARD },
    ),
    check(
      'select.fido',
      'APDUs',
      'The FIDO applet can be selected after the OTP applet, and answers as before.',
      'hides-fido-applet',
      async (key) => {
        const before = await key.info();
        await OtpApplet.open(key);
        accepted(await select(key, FIDO_AID));
        expectEqual((await key.ctap2.getInfo()).aaguid, before.aaguid, 'the AAGUID');
      },
      { needs: { ...TOKEN2_CARD, ctap2: true } },
    ),
    check(
      'select.reset',
      'ISO/IEC 7816-4 §8.2',
      'After a reset of the card the OTP applet answers only once it is selected again.',
      'stays-selected-over-reset',
      async (key) => {
        const otp = await OtpApplet.open(key);
        await key.resetCard();
        expectRefusal(await otp.raw(cla, ins, p1, p2, 10));
        accepted(await select(key, OTP_AID));
        accepted(await otp.raw(cla, ins, p1, p2, 10));
      },
      { needs: TOKEN2_CARD, severity: 'warning' },
    ),
    refused(
      'class.unknown',
      'A class that is not known',
      [0xe0, ins, p1, p2, 10],
      0x6e00,
      'unknown-class-as-other-error',
    ),
    refused(
      'instruction.unknown',
      'An instruction that is not known',
      [cla, 0x99, 0, 0, 0],
      0x6d00,
      'unknown-instruction-as-other-error',
    ),
    check(
      'parameters.unknown',
      'APDUs',
      'A command with P1 and P2 that there are not is refused.',
      'takes-unknown-parameters',
      async (key) => expectRefusal(await (await OtpApplet.open(key)).raw(cla, ins, 0x7e, 0x7e, 0)),
    ),
    refused(
      'length.beyond',
      'An APDU that declares more data than it has',
      [cla, ins, p1, p2, 9, 0, 0],
      0x6700,
      'takes-length-beyond-data',
    ),
    refused('length.header', 'An APDU of three bytes', [cla, ins, p1], 0x6700, 'takes-truncated-apdu'),
    check(
      'chaining',
      ISO,
      'A command in two chained parts is put together.',
      'refuses-chains',
      (key) =>
        withEntries(key, [entryNamed('chained')], async (otp) => {
          const half = ALL.data.subarray(0, 4);
          const first = encodeCommand({ ...ALL, cla: cla | 0x10, data: half });
          accepted(await otp.raw(...first));
          const answer = await exchangeCommand((apdu) => key.card.transmit(apdu), {
            ...ALL,
            data: ALL.data.subarray(4),
            le: 256,
          });
          expect(decodePage(accepted(answer)).entries.some(isOurs), 'the entry in the list');
        }),
      { needs: TOKEN2_CARD, severity: 'warning' },
    ),
    check(
      'response.long',
      ISO,
      'An answer of more than 256 bytes to a short APDU goes on with GET RESPONSE.',
      'cuts-long-answers',
      (key) =>
        withEntries(key, LONG, async (otp) => {
          const [apdu] = chainCommand({ ...ALL, le: 256 });
          const first = await otp.raw(...apdu!);
          expectEqual(first.statusWord >> 8, 0x61, 'the first byte of the status word');
          const parts = [first.data];
          let { statusWord } = first;
          while (statusWord >> 8 === 0x61) {
            const next = await otp.raw(0, 0xc0, 0, 0, statusWord & 0xff);
            expect(next.data.length > 0, 'more of the answer', 'none');
            parts.push(next.data);
            statusWord = next.statusWord;
          }
          expectEqual(statusWord, StatusWord.NO_ERROR, 'the last status word');
          const { entries } = decodePage(concat(...parts));
          const told = entries.length;
          expect(told > 0, 'whole entries', told);
        }),
      { needs: TOKEN2_CARD },
    ),
  ],
};
