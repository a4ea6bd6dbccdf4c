import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex } from '../../../ctap/bytes.ts';
import {
  decodeU2fAuthenticateRequest,
  decodeU2fAuthenticateResponse,
  decodeU2fCommand,
  decodeU2fRegisterRequest,
  decodeU2fRegisterResponse,
  encodeU2fAuthenticateRequest,
  encodeU2fAuthenticateResponse,
  encodeU2fCommand,
  encodeU2fRegisterRequest,
  encodeU2fRegisterResponse,
  StatusWord,
  splitU2fResponse,
  U2fError,
  U2fInstruction,
  u2fAuthenticationBytes,
  u2fResponse,
} from '../../../ctap/u2f/raw-messages.ts';

const challenge = new Uint8Array(32).fill(0xc0);
const application = new Uint8Array(32).fill(0xa0);
const bytes = (max: number) => fc.uint8Array({ minLength: 1, maxLength: max });

describe('request APDUs', () => {
  it.each([
    ['extended, without data', '00030000000000', 3, 0, ''],
    ['extended, with data and Le', '0001030000000201020000', 1, 3, '0102'],
    ['extended, with data and no Le', '00010300000002' + '0102', 1, 3, '0102'],
    ['short, without data', '00030000', 3, 0, ''],
    ['short, with Le alone', '0003000000', 3, 0, ''],
    ['short, with data', '00010300020102', 1, 3, '0102'],
    ['short, with data and Le', '0001030002010200', 1, 3, '0102'],
  ])('%s: %s', (_, apdu, ins, p1, data) => {
    expect(decodeU2fCommand(fromHex(apdu))).toEqual({ cla: 0, ins, p1, data: fromHex(data) });
  });

  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.nat({ max: 255 }), fc.nat({ max: 255 }), fc.uint8Array({ maxLength: 500 }), (ins, p1, data) => {
        expect(decodeU2fCommand(encodeU2fCommand(ins, p1, data))).toEqual({ cla: 0, ins, p1, data });
      }),
    );
  });

  it.each(['', '000300', '0001000002ff', '00010000000002ff', '000100000001ffffffff', '0001000001ffffff'])(
    'with lengths that do not add up are refused: "%s"',
    (apdu) => {
      expect(() => decodeU2fCommand(fromHex(apdu))).toThrow(U2fError);
      try {
        decodeU2fCommand(fromHex(apdu));
      } catch (error) {
        expect((error as U2fError).statusWord).toBe(StatusWord.WRONG_LENGTH);
      }
    },
  );
});

describe('answers', () => {
  it('end with the status word', () => {
    expect(toHex(u2fResponse(StatusWord.NO_ERROR, fromHex('0102')))).toBe('01029000');
    expect(splitU2fResponse(fromHex('01026985'))).toEqual({ data: fromHex('0102'), statusWord: 0x6985 });
    expect(() => splitU2fResponse(fromHex('90'))).toThrow('expected at least 2 bytes, got 1');
  });
});

describe('registration', () => {
  it('has requests of 64 bytes', () => {
    const request = encodeU2fRegisterRequest({ challenge, application });
    expect(toHex(request)).toBe('c0'.repeat(32) + 'a0'.repeat(32));
    expect(decodeU2fRegisterRequest(request)).toEqual({ challenge, application });
    expect(() => decodeU2fRegisterRequest(request.subarray(1))).toThrow(U2fError);
    expect(() => encodeU2fRegisterRequest({ challenge: application.subarray(1), application })).toThrow(
      'challenge: expected a SHA-256 hash of 32 bytes, got 31',
    );
  });

  const der = (length: number) => {
    const content = new Uint8Array(length).fill(0x11);
    const head =
      length < 0x80 ? [0x30, length] : length < 0x100 ? [0x30, 0x81, length] : [0x30, 0x82, length >> 8, length & 0xff];
    return concat(Uint8Array.from(head), content);
  };

  it('has answers that are read as they were written', () => {
    fc.assert(
      fc.property(bytes(255), fc.nat({ max: 1000 }), fc.nat({ max: 80 }), (keyHandle, certificate, signature) => {
        const publicKey = new Uint8Array(64).fill(0x22);
        const response = { publicKey, keyHandle, certificate: der(certificate), signature: der(signature) };
        expect(decodeU2fRegisterResponse(encodeU2fRegisterResponse(response))).toEqual(response);
      }),
    );
  });

  it('has answers of no other length', () => {
    const response = encodeU2fRegisterResponse({
      publicKey: new Uint8Array(64),
      keyHandle: fromHex('0102'),
      certificate: der(200),
      signature: der(70),
    });
    for (let length = 0; length < response.length; length++) {
      expect(() => decodeU2fRegisterResponse(response.subarray(0, length)), `${length} bytes`).toThrow(TypeError);
    }
    expect(() => decodeU2fRegisterResponse(concat(response, Uint8Array.of(0)))).toThrow('trailing bytes');
    expect(() => decodeU2fRegisterResponse(response.with(0, 4))).toThrow('expected reserved byte 5');
    expect(() => decodeU2fRegisterResponse(response.with(1, 2))).toThrow('expected an uncompressed point, got 0x2');
  });
});

describe('authentication', () => {
  it('has requests that are read as they were written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 255 }), (keyHandle) => {
        const request = { challenge, application, keyHandle };
        expect(decodeU2fAuthenticateRequest(encodeU2fAuthenticateRequest(request))).toEqual(request);
      }),
    );
  });

  it.each([0, 64, 66, 68])('refuses a request of %i bytes with a key handle of two', (length) => {
    const request = new Uint8Array(length);
    if (length > 64) request[64] = 2;
    expect(() => decodeU2fAuthenticateRequest(request)).toThrow(U2fError);
  });

  it('has answers of presence, counter and signature', () => {
    const response = { userPresence: 1, counter: 0xfffefdfc, signature: fromHex('30020101') };
    const written = encodeU2fAuthenticateResponse(response);
    expect(toHex(written)).toBe('01fffefdfc30020101');
    expect(decodeU2fAuthenticateResponse(written)).toEqual(response);
    expect(() => decodeU2fAuthenticateResponse(written.subarray(0, 5))).toThrow('got 5');
  });

  it('signs application, presence, counter and challenge', () => {
    expect(toHex(u2fAuthenticationBytes(application, 1, 0x01020304, challenge))).toBe(
      `${'a0'.repeat(32)}0101020304${'c0'.repeat(32)}`,
    );
  });
});

it('has the instructions of U2F raw messages §3', () => {
  expect(U2fInstruction).toEqual({ REGISTER: 1, AUTHENTICATE: 2, VERSION: 3 });
});
