import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../ctap/bytes.ts';
import {
  type CommandApdu,
  decodeCommand,
  decodeResponse,
  encodeCommand,
  encodeResponse,
  StatusWordError,
  selectCommand,
} from '../../../ctap/iso7816/apdu.ts';
import { decodeAtr, encodeAtr } from '../../../ctap/iso7816/atr.ts';
import {
  CommandAssembler,
  chainCommand,
  exchangeCommand,
  MAX_CHAINED_SIZE,
  ResponseQueue,
} from '../../../ctap/iso7816/chaining.ts';

const read = (hex: string) => decodeCommand(fromHex(hex));

describe('command APDUs', () => {
  it.each([
    ['80C50502', 0, undefined],
    ['80C5010000', 0, 256],
    ['80C502000A', 0, 10],
    ['80C50201 01 02', 1, undefined],
    ['80C50201 01 02 00', 1, 256],
    ['80C50201 000000', 0, 65536],
    ['80C50201 000100', 0, 256],
    ['80C50201 000001 02', 1, undefined],
    ['80C50201 000001 02 0102', 1, 258],
    ['80C50201 000001 02 0000', 1, 65536],
  ])('has %s as one of its forms', (hex, length, le) => {
    const command = read(hex.replaceAll(' ', ''));
    expect([command.data.length, command.le]).toEqual([length, le]);
  });

  it.each([
    '',
    '80',
    '80C502',
    '80C502010201',
    '80C50201020304050607',
    '80C502010000',
    '80C50201000002FF',
    '80C50201000001FF00',
  ])('answers 6700 to %s, whose lengths do not add up', (hex) => {
    expect(() => read(hex)).toThrow(StatusWordError);
    expect(() => read(hex)).toThrow(/status word 6700/);
  });

  it('reads what it writes, short and extended', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const command: fc.Arbitrary<CommandApdu> = fc.record({
      cla: byte,
      ins: byte,
      p1: byte,
      p2: byte,
      data: fc.uint8Array({ maxLength: 600 }),
      le: fc.option(fc.integer({ min: 1, max: 65536 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(command, fc.boolean(), (value, extended) => {
        expect(decodeCommand(encodeCommand(value, { extended }))).toEqual(value);
      }),
    );
  });

  it('write SELECT as hosts do', () => {
    expect(toHex(encodeCommand(selectCommand(fromHex('a0000006472f0001'))))).toBe('00a4040008a0000006472f000100');
  });

  it('split answers', () => {
    const response = { data: Uint8Array.of(1, 2), statusWord: 0x6105 };
    expect(decodeResponse(encodeResponse(response))).toEqual(response);
    expect(() => decodeResponse(Uint8Array.of(0x90))).toThrow(/at least 2 bytes, got 1/);
  });
});

describe('chaining', () => {
  const header = { cla: 0x80, ins: 0x10, p1: 0, p2: 0 };

  it('takes a long command apart and together', () => {
    const data = Uint8Array.from({ length: 600 }, (_, i) => i);
    const apdus = chainCommand({ ...header, data, le: 256 });
    expect(apdus.map((apdu) => [apdu[0], apdu[4]])).toEqual([
      [0x90, 255],
      [0x90, 255],
      [0x80, 90],
    ]);
    const assembler = new CommandAssembler();
    const whole = apdus.map((apdu) => assembler.accept(decodeCommand(apdu)));
    expect(whole).toEqual([undefined, undefined, { ...header, data, le: 256 }]);
  });

  it('lets another command break a chain, and goes on', () => {
    const assembler = new CommandAssembler();
    expect(assembler.accept(read('901000000101'))).toBeUndefined();
    const other = read('00A4040001A0');
    expect(assembler.accept(other)).toEqual(other);
    expect(assembler.accept(read('801000000102'))).toMatchObject({ data: Uint8Array.of(2) });
  });

  it('holds a chain of limited length', () => {
    const assembler = new CommandAssembler();
    const part = decodeCommand(encodeCommand({ ...header, cla: 0x90, data: new Uint8Array(MAX_CHAINED_SIZE) }));
    expect(assembler.accept(part)).toBeUndefined();
    expect(() => assembler.accept(read('901000000101'))).toThrow(/status word 6700/);
    expect(assembler.accept(read('801000000102'))).toMatchObject({ data: Uint8Array.of(2) });
  });

  it('hands long answers out in parts', async () => {
    const data = Uint8Array.from({ length: 700 }, (_, i) => i);
    const queue = new ResponseQueue();
    const seen: string[] = [];
    const transmit = async (apdu: Uint8Array) => {
      const { ins, le } = decodeCommand(apdu);
      const response = ins === 0xc0 ? queue.next(le) : queue.begin({ data, statusWord: 0x9000 }, le);
      seen.push(`${response.data.length} ${response.statusWord.toString(16)}`);
      return encodeResponse(response);
    };
    expect(await exchangeCommand(transmit, { ...header, le: 256 })).toEqual({ data, statusWord: 0x9000 });
    expect(seen).toEqual(['256 6100', '256 61bc', '188 9000']);
    expect(() => queue.next(256)).toThrow(/status word 6985/);
    seen.length = 0;
    await exchangeCommand(transmit, { ...header, le: 65536 }, { extended: true });
    expect(seen).toEqual(['700 9000']);
  });

  it('stops a chain that is refused, and repeats with the Le of 6Cxx', async () => {
    const refusing = async () => Uint8Array.of(0x67, 0x00);
    expect(await exchangeCommand(refusing, { ...header, data: new Uint8Array(300) })).toMatchObject({
      statusWord: 0x6700,
    });
    const asked: (number | undefined)[] = [];
    const picky = async (apdu: Uint8Array) => {
      const { le } = decodeCommand(apdu);
      asked.push(le);
      return le === 3 ? Uint8Array.of(1, 2, 3, 0x90, 0) : Uint8Array.of(0x6c, 3);
    };
    expect(await exchangeCommand(picky, { ...header, le: 256 })).toEqual({
      data: Uint8Array.of(1, 2, 3),
      statusWord: 0x9000,
    });
    expect(asked).toEqual([256, 3]);
  });
});

describe('ATR', () => {
  const historical = fromHex('868e0022000000') as Uint8Array;

  it('is read as it is written, with the historical bytes at offset 7', () => {
    const atr = encodeAtr(historical);
    expect(decodeAtr(atr)).toEqual({ historicalBytes: historical, protocols: [1] });
    expect(atr.subarray(7, 7 + historical.length)).toEqual(historical);
  });

  it('is read as real cards give it', () => {
    // A YubiKey, and a card of T=0 without a check byte.
    const yubikey = decodeAtr(fromHex('3bfd1300008131fe158073c021c057597562694b657940'));
    expect([Buffer.from(yubikey.historicalBytes).toString('latin1').slice(-7), yubikey.protocols]).toEqual([
      'YubiKey',
      [1],
    ]);
    expect(decodeAtr(fromHex('3b020102'))).toEqual({ historicalBytes: Uint8Array.of(1, 2), protocols: [0] });
  });

  it.each([
    ['', /first byte, got nothing/],
    ['3c00', /first byte, got 3c/],
    ['3b', /expected T0/],
    ['3b80', /interface byte TD/],
    ['3b050102', /expected 5 historical bytes, got 2/],
    ['3b80010102', /check byte TCK does not fit/],
    ['3b8001', /check byte TCK, got its end/],
    ['3b02010203', /expected 4 bytes, got 5/],
  ])('says what is wrong with %s', (hex, message) => {
    expect(() => decodeAtr(fromHex(hex))).toThrow(message);
  });
});
