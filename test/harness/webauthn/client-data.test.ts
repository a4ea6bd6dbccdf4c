import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../ctap/bytes.ts';
import { type CollectedClientData, serializeClientData } from '../../../harness/webauthn/client-data.ts';

const base: CollectedClientData = {
  type: 'webauthn.get',
  challenge: Uint8Array.of(0xfb, 0xff, 0),
  origin: 'https://example.com',
  crossOrigin: false,
};

function text(more: Partial<CollectedClientData>): string {
  return fromUtf8(serializeClientData({ ...base, ...more }));
}

describe('clientDataJSON', () => {
  it('has its members in the order of the limited verification algorithm', () => {
    expect(text({})).toBe(
      '{"type":"webauthn.get","challenge":"-_8A","origin":"https://example.com","crossOrigin":false}',
    );
  });

  it('names the top origin of a frame of another origin last', () => {
    expect(text({ type: 'webauthn.create', crossOrigin: true, topOrigin: 'https://top.example' })).toBe(
      '{"type":"webauthn.create","challenge":"-_8A","origin":"https://example.com","crossOrigin":true,"topOrigin":"https://top.example"}',
    );
  });

  it('escapes as CCDToString does, and JSON.parse reads it back', () => {
    const origin = 'a"b\\c\n\u0001\u007f\u2028é😀';
    expect(text({ origin })).toContain('"origin":"a\\"b\\\\c\\u000a\\u0001\u007f\u2028é😀"');
    expect(JSON.parse(text({ origin }))).toMatchObject({ origin });
  });

  it('is valid UTF-8 whatever it is given', () => {
    expect(serializeClientData({ ...base, origin: '\ud800' })).toEqual(
      utf8('{"type":"webauthn.get","challenge":"-_8A","origin":"\ufffd","crossOrigin":false}'),
    );
  });
});
