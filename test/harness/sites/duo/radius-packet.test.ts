import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from '../../../../ctap/bytes.ts';
import { judgeRequest, revealPassword, signAnswer } from '../../../../harness/sites/duo/radius/authenticators.ts';
import { divideCredentials } from '../../../../harness/sites/duo/radius/credentials.ts';
import {
  AttributeType,
  decodePacket,
  encodePacket,
  MalformedPacket,
  onlyValueOf,
  RadiusCode,
} from '../../../../harness/sites/duo/radius/packet.ts';

/** The exchange of RFC 2865 §7.1: nemo logs in with the password arctangent. */
const SECRET = utf8('xyzzy5461');
const REQUEST = fromHex(
  '010000380f403f9473978057bd83d5cb98f4227a01066e656d6f02120dbe708d93d413ce3196e43f782a0aee0406c0a80110050600000003',
);

describe('a packet', () => {
  it('of RFC 2865 §7.1 is read and written', () => {
    const packet = decodePacket(REQUEST);
    expect(packet).toMatchObject({ code: RadiusCode.accessRequest, identifier: 0 });
    expect(packet.attributes.map(({ type }) => type)).toEqual([1, 2, 4, 5]);
    expect(toHex(encodePacket(packet))).toBe(toHex(REQUEST));
    expect(revealPassword(onlyValueOf(packet, AttributeType.userPassword)!, SECRET, packet.authenticator)).toEqual(
      Buffer.from('arctangent'),
    );
  });

  it('may have padding behind it', () => {
    expect(decodePacket(Buffer.concat([REQUEST, Buffer.alloc(9)]))).toEqual(decodePacket(REQUEST));
  });

  it.each([
    ['nothing', ''],
    ['a header cut short', toHex(REQUEST.subarray(0, 19))],
    ['a length beyond the datagram', `0100ffff${toHex(REQUEST.subarray(4))}`],
    ['a length below the header', `01000013${toHex(REQUEST.subarray(4))}`],
    ['an attribute of length 1', `01000016${'00'.repeat(16)}0101`],
    ['an attribute beyond the end', `01000016${'00'.repeat(16)}0103`],
    ['an attribute without a length', `01000015${'00'.repeat(16)}01`],
  ])('that is %s is malformed', (_name, hex) => {
    expect(() => decodePacket(fromHex(hex))).toThrow(MalformedPacket);
  });

  it('of any bytes is read or malformed, and what is read is written as it was', () => {
    const header = fc.tuple(fc.nat(255), fc.nat(255), fc.uint8Array({ maxLength: 60 }));
    fc.assert(
      fc.property(header, ([code, identifier, rest]) => {
        const bytes = Uint8Array.of(code, identifier, 0, rest.length + 4, ...rest);
        try {
          expect(toHex(encodePacket(decodePacket(bytes)))).toBe(toHex(bytes));
        } catch (error) {
          if (!(error instanceof MalformedPacket)) throw error;
        }
      }),
    );
  });

  it('over 4096 bytes, or a value over 253, is not written', () => {
    const packet = decodePacket(REQUEST);
    const attribute = (length: number) => ({ type: 1, value: new Uint8Array(length) });
    expect(() => encodePacket({ ...packet, attributes: [attribute(254)] })).toThrow(/at most 253/);
    expect(() => encodePacket({ ...packet, attributes: Array(17).fill(attribute(253)) })).toThrow(/at most 4096/);
  });
});

describe('an answer', () => {
  it('begins with its Message-Authenticator and gives Proxy-State back', () => {
    const proxied = { type: AttributeType.proxyState, value: utf8('of a proxy') };
    const request = { ...decodePacket(REQUEST), attributes: [proxied] };
    const message = { type: AttributeType.replyMessage, value: utf8('hello') };
    const answer = decodePacket(signAnswer(request, SECRET, RadiusCode.accessAccept, [message]));
    expect(answer.attributes.map(({ type }) => type)).toEqual([80, 18, 33]);
    expect(answer.attributes[2]).toEqual(proxied);
    // A client judges it with the request's authenticator in the place of the answer's.
    const judged = { ...answer, authenticator: request.authenticator };
    expect(judgeRequest(judged, SECRET)).toBe('genuine');
    expect(judgeRequest(judged, utf8('another'))).toBe('forged');
    expect(judgeRequest({ ...judged, code: RadiusCode.accessReject }, SECRET)).toBe('forged');
    expect(judgeRequest({ ...judged, attributes: [...judged.attributes, judged.attributes[0]!] }, SECRET)).toBe(
      'forged',
    );
    expect(judgeRequest(request, SECRET)).toBe('unsigned');
  });
});

describe('a hidden password', () => {
  it.each([0, 15, 17, 144])('of %i bytes is none', (length) => {
    expect(revealPassword(new Uint8Array(length), SECRET, new Uint8Array(16))).toBeUndefined();
  });
});

describe('a password field', () => {
  it.each([
    ['password,123456', { password: 'password', passcode: '123456', factor: undefined }],
    ['pass,word,12345678', { password: 'pass,word', passcode: '12345678', factor: undefined }],
    ['password,push', { password: 'password', passcode: undefined, factor: 'push' }],
    ['password,Phone2', { password: 'password', passcode: undefined, factor: 'phone2' }],
    ['pass,word', { password: 'pass,word', passcode: undefined, factor: undefined }],
    ['password,12345', { password: 'password,12345', passcode: undefined, factor: undefined }],
    ['password', { password: 'password', passcode: undefined, factor: undefined }],
    [`p,${'c'.repeat(44)}`, { password: 'p', passcode: 'c'.repeat(44), factor: undefined }],
  ])('%s', (typed, expected) => {
    expect(divideCredentials(typed)).toEqual(expected);
  });
});
