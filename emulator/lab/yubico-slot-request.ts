/** The body that gives a key a Yubico OTP to type: ids and key as the validation server has them. */
import type { Context } from 'hono';
import { fromHex } from '../../ctap/bytes.ts';
import { fromModhex } from '../../ctap/otp/yubico-otp.ts';
import type { YubicoSlot } from '../applets/typed-slots.ts';
import { jsonMembers } from './json-body.ts';
import { Problem } from './problem.ts';

/** Bytes. */
const SIZES = { publicId: { most: 16 }, privateId: { exactly: 6 }, key: { exactly: 16 } } as const;

/** Reads {"publicId": modhex, "privateId": hex, "key": hex}. @throws Problem that names the member, and never shows it */
export async function yubicoSlotOf(c: Context): Promise<YubicoSlot> {
  const members = await jsonMembers(c);
  const publicId = read('publicId', members, fromModhex);
  if (publicId.length > SIZES.publicId.most) throw wrong('publicId', `at most ${SIZES.publicId.most} bytes`);
  return { publicId, privateId: readHex('privateId', members), key: readHex('key', members) };
}

function readHex(name: 'privateId' | 'key', members: Readonly<Record<string, unknown>>): Uint8Array {
  const bytes = read(name, members, fromHex);
  if (bytes.length !== SIZES[name].exactly) throw wrong(name, `${SIZES[name].exactly} bytes`);
  return bytes;
}

function read(
  name: keyof YubicoSlot,
  members: Readonly<Record<string, unknown>>,
  decode: (text: string) => Uint8Array,
): Uint8Array {
  const text = members[name];
  const form = decode === fromHex ? 'hexadecimal' : 'modhex';
  if (typeof text !== 'string') throw wrong(name, `a string of ${form}`);
  try {
    return decode(text);
  } catch (error) {
    if (error instanceof TypeError) throw wrong(name, `a string of ${form}`);
    throw error;
  }
}

function wrong(name: keyof YubicoSlot, expected: string): Problem {
  return new Problem(400, 'bad_yubico_otp', `${name}: expected ${expected}`);
}
