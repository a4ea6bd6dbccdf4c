/** A key as a smart card: CTAP 2.3 §11.3 and ISO/IEC 7816-4. */
import { concat, fromHex, fromUtf8, utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { decodeResponse, formatStatusWord, type ResponseApdu, StatusWord } from '../../../ctap/iso7816/apdu.ts';
import { Status, statusName } from '../../../ctap/status.ts';
import type { CardConnection } from '../../transports/connection.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import type { Subject } from '../subject.ts';

const CARD: Needs = { carrier: 'card', ctap2: false };
const CTAP_CARD: Needs = { carrier: 'card' };
const NFC = 'CTAP 2.3 §11.3';
const ISO = 'ISO/IEC 7816-4 §5';
const FIDO_AID = fromHex('a0000006472f0001');
const RESET = 'ISO/IEC 7816-4 §8.2';
const GET_INFO = Command.authenticatorGetInfo;
const GET_INFO_APDU = [0x80, 0x10, 0x00, 0x00, 1, GET_INFO, 0];
/** Still at work. */
const UPDATE = 0x9100;

async function transmit(key: Subject, ...bytes: readonly number[]): Promise<ResponseApdu> {
  return decodeResponse(await key.card.transmit(Uint8Array.from(bytes)));
}

function select(key: Subject, aid: Uint8Array): Promise<ResponseApdu> {
  return transmit(key, 0x00, 0xa4, 0x04, 0x00, aid.length, ...aid, 0x00);
}

function expectWord({ statusWord }: ResponseApdu, ...wanted: readonly number[]): void {
  expect(wanted.includes(statusWord), wanted.map(formatStatusWord).join(' or '), formatStatusWord(statusWord));
}

/** An answer of CTAP2 in its data: the status byte CTAP2_OK first. */
function expectCtapOk({ data }: ResponseApdu): void {
  expectEqual(statusName(data[0] ?? Status.CTAP1_ERR_OTHER), 'CTAP2_OK', 'the status');
}

/** No applet is selected in the card. */
async function expectUnselected(card: CardConnection): Promise<void> {
  const answer = decodeResponse(await card.transmit(Uint8Array.from(GET_INFO_APDU)));
  expect(!isGood(answer), 'a refusal', formatStatusWord(answer.statusWord));
}

/** True for 9000, and for 61xx, where there is more. */
function isGood({ statusWord }: ResponseApdu): boolean {
  return statusWord === StatusWord.NO_ERROR || statusWord >> 8 === 0x61;
}

function check(
  name: string,
  section: string,
  statement: string,
  fault: string,
  run: (key: Subject) => Promise<void>,
  rest: { readonly needs?: Needs; readonly severity?: 'warning' } = {},
): Check {
  return { id: `card.${name}`, section, statement, needs: CARD, ...rest, faults: [fault], run };
}

/** A command that no applet takes. */
function refused(
  name: string,
  bytes: readonly number[],
  wanted: readonly number[],
  what: string,
  fault: string,
): Check {
  const words = wanted.map(formatStatusWord).join(' or ');
  return check(name, ISO, `${what} is refused with ${words}.`, fault, async (key) => {
    expectWord(await transmit(key, ...bytes), ...wanted);
  });
}

/** A command that has nothing to do: any refusal will do. */
function fruitless(name: string, section: string, bytes: readonly number[], what: string, fault: string): Check {
  return check(name, section, `${what} is refused.`, fault, async (key) => {
    const answer = await transmit(key, ...bytes);
    expect(!isGood(answer), 'a refusal', formatStatusWord(answer.statusWord));
  });
}

export const cardChecks: CheckGroup = {
  name: 'ISO 7816',
  checks: [
    check(
      'select.answer',
      NFC,
      'Selecting the FIDO applet is answered with U2F_V2 or FIDO_2_0.',
      'card-select-other-version',
      async (key) => {
        const answer = await select(key, FIDO_AID);
        expectWord(answer, StatusWord.NO_ERROR);
        const version = fromUtf8(answer.data);
        expect(version === 'U2F_V2' || version === 'FIDO_2_0', 'U2F_V2 or FIDO_2_0', version);
      },
    ),
    check(
      'select.partial',
      'ISO/IEC 7816-4 §11.2.2',
      'The FIDO applet is found by the beginning of its identifier.',
      'card-select-whole-identifier-only',
      async (key) => expectWord(await select(key, FIDO_AID.subarray(0, 6)), StatusWord.NO_ERROR),
      { severity: 'warning' },
    ),
    check(
      'select.unknown',
      'ISO/IEC 7816-4 §11.2.2',
      'An identifier that no applet has is refused with 6A82.',
      'card-select-unknown-as-wrong-data',
      async (key) => {
        expectWord(await select(key, fromHex('f0001122334455')), StatusWord.FILE_NOT_FOUND);
      },
    ),
    check(
      'select.again',
      NFC,
      'The FIDO applet can be selected again after another was not found.',
      'card-lost-after-unknown-applet',
      async (key) => {
        await select(key, fromHex('f0001122334455'));
        expectWord(await select(key, FIDO_AID), StatusWord.NO_ERROR);
      },
    ),
    check(
      'select.none',
      NFC,
      'Before an applet is selected no command of CTAP is taken.',
      'card-has-applet-selected-at-power-up',
      async (key) => expectUnselected(await key.unselectedCard()),
      { severity: 'warning' },
    ),
    check(
      'reset.unselected',
      RESET,
      'After a reset of the card no command of CTAP is taken until an applet is selected.',
      'card-stays-selected-over-reset',
      async (key) => {
        await key.resetCard();
        await expectUnselected(key.card);
      },
      { severity: 'warning' },
    ),
    check(
      'reset.select',
      NFC,
      'After a reset of the card the FIDO applet is found, and answers.',
      'card-lost-after-reset',
      async (key) => {
        await key.resetCard();
        expectWord(await select(key, FIDO_AID), StatusWord.NO_ERROR);
        await key.ctap2.getInfo();
      },
      { needs: CTAP_CARD },
    ),
    check(
      'reset.chain',
      RESET,
      'A chain that a reset of the card breaks off is forgotten.',
      'card-goes-on-with-chain-after-reset',
      async (key) => {
        await transmit(key, 0x90, 0x10, 0x80, 0x00, 1, Command.authenticatorClientPIN);
        await key.resetCard();
        const { statusWord } = await select(key, FIDO_AID);
        if (statusWord !== StatusWord.NO_ERROR) throw new NotApplicable('no applet is found after a reset');
        await key.ctap2.getInfo();
      },
      { needs: CTAP_CARD },
    ),
    refused(
      'class',
      [0xe0, 0x10, 0, 0, 1, GET_INFO, 0],
      [StatusWord.CLA_NOT_SUPPORTED],
      'A class that is not known',
      'card-unknown-class-as-other-error',
    ),
    refused(
      'instruction',
      [0x80, 0x99, 0, 0, 0],
      [StatusWord.INS_NOT_SUPPORTED],
      'An instruction that is not known',
      'card-unknown-instruction-as-other-error',
    ),
    refused(
      'length.beyond',
      [0x80, 0x10, 0, 0, 9, GET_INFO],
      [StatusWord.WRONG_LENGTH],
      'An APDU that declares more data than it has',
      'card-takes-length-beyond-data',
    ),
    refused(
      'length.header',
      [0x80, 0x10, 0],
      [StatusWord.WRONG_LENGTH],
      'An APDU of three bytes',
      'card-takes-truncated-apdu',
    ),
    fruitless('msg.empty', NFC, [0x80, 0x10, 0, 0, 0], 'NFCCTAP_MSG without data', 'card-takes-empty-message'),
    fruitless(
      'getResponse.idle',
      NFC,
      [0x80, 0x11, 0, 0, 0],
      'NFCCTAP_GETRESPONSE while nothing is at work',
      'card-polled-without-command',
    ),
    fruitless(
      'response.none',
      ISO,
      [0x00, 0xc0, 0, 0, 0],
      'GET RESPONSE while no answer waits',
      'card-response-of-nothing',
    ),
    check(
      'msg.unpolled',
      NFC,
      'NFCCTAP_MSG with P1 00 is answered whole, without NFCCTAP_GETRESPONSE.',
      'card-refuses-unpolled-message',
      async (key) => {
        const answer = await transmit(key, 0x80, 0x10, 0x00, 0x00, 1, GET_INFO, 0);
        expect(isGood(answer), '9000 or 61xx', formatStatusWord(answer.statusWord));
        expectCtapOk(answer);
      },
      { needs: CTAP_CARD },
    ),
    check(
      'msg.extended',
      NFC,
      'NFCCTAP_MSG in extended length is answered in one piece.',
      'card-refuses-extended-length',
      async (key) => {
        const answer = await transmit(key, 0x80, 0x10, 0x00, 0x00, 0, 0, 1, GET_INFO, 0, 0);
        expectWord(answer, StatusWord.NO_ERROR);
        expectCtapOk(answer);
      },
      { needs: CTAP_CARD, severity: 'warning' },
    ),
    check(
      'response.le',
      ISO,
      'An answer has no more bytes than Le says; 61xx tells of the rest.',
      'card-ignores-le',
      async (key) => {
        const answer = await transmit(key, 0x80, 0x10, 0x00, 0x00, 1, GET_INFO, 16);
        expect(answer.data.length <= 16, 'at most 16 bytes', answer.data.length);
        expectEqual(answer.statusWord >> 8, 0x61, 'the first byte of the status word');
      },
      { needs: CTAP_CARD },
    ),
    check(
      'response.rest',
      ISO,
      'GET RESPONSE goes on where the answer before it ended.',
      'card-response-begins-anew',
      async (key) => {
        const first = await transmit(key, 0x80, 0x10, 0x00, 0x00, 1, GET_INFO, 16);
        const second = await transmit(key, 0x00, 0xc0, 0x00, 0x00, 16);
        const whole = await key.ctap2.device.cbor(Uint8Array.of(GET_INFO));
        const got = concat(first.data, second.data).subarray(1);
        expectEqual(got, whole.subarray(0, got.length), 'the beginning of the answer');
        expect(second.data.length > 0, 'more of the answer', 'none');
      },
      { needs: CTAP_CARD },
    ),
    check(
      'chaining',
      ISO,
      'A command in two chained parts is put together.',
      'card-refuses-short-chains',
      async (key) => {
        expectWord(await transmit(key, 0x90, 0x10, 0x00, 0x00, 1, GET_INFO), StatusWord.NO_ERROR);
        const answer = await transmit(key, 0x80, 0x10, 0x00, 0x00, 0);
        expect(isGood(answer), '9000 or 61xx', formatStatusWord(answer.statusWord));
        expectCtapOk(answer);
      },
      { needs: CTAP_CARD },
    ),
    check(
      'chaining.brokenOff',
      ISO,
      'Another command after the first part of a chain is answered.',
      'card-insists-on-chain',
      async (key) => {
        await transmit(key, 0x90, 0x10, 0x00, 0x00, 1, GET_INFO);
        expectWord(await select(key, FIDO_AID), StatusWord.NO_ERROR);
      },
    ),
    check(
      'u2f.version',
      NFC,
      'U2F_VERSION is answered beside CTAP2.',
      'card-hides-u2f',
      async (key) => {
        const answer = await transmit(key, 0x00, 0x03, 0x00, 0x00, 0);
        expectWord(answer, StatusWord.NO_ERROR);
        expectEqual(answer.data, utf8('U2F_V2'), 'the version');
      },
      { needs: { ...CARD, u2f: true } },
    ),
    check(
      'polled.update',
      NFC,
      'While a polled command waits for a touch it is answered with 9100 and a status byte.',
      'card-update-without-status',
      async (key) => {
        const pending = transmit(key, 0x80, 0x10, 0x80, 0x00, 1, Command.authenticatorSelection, 0);
        await key.wait(500);
        const answer = await pending;
        expectWord(answer, UPDATE);
        expectEqual(answer.data.length, 1, 'the number of data bytes');
      },
      { needs: { ...CTAP_CARD, versions: ['FIDO_2_1', 'FIDO_2_3'], user: 'absent' } },
    ),
    check(
      'polled.cancel',
      NFC,
      'NFCCTAP_GETRESPONSE with P1 11 cancels the command that is at work.',
      'card-cancel-as-denied',
      async (key) => {
        const pending = transmit(key, 0x80, 0x10, 0x80, 0x00, 1, Command.authenticatorSelection, 0);
        await key.wait(500);
        await pending;
        const answer = await transmit(key, 0x80, 0x11, 0x11, 0x00, 0);
        expectEqual(statusName(answer.data[0] ?? 0), 'CTAP2_ERR_KEEPALIVE_CANCEL', 'the status');
      },
      { needs: { ...CTAP_CARD, versions: ['FIDO_2_1', 'FIDO_2_3'], user: 'absent' } },
    ),
  ],
};
