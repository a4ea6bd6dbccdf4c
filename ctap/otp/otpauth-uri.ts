/** otpauth:// URIs, which QR codes of one-time password accounts carry: the Key Uri Format of Google Authenticator. */
import { fromBase32, toBase32 } from './base32.ts';
import { MAX_DIGITS, MIN_DIGITS, type OtpAlgorithm } from './hotp.ts';

interface OtpAuthCommon {
  readonly issuer?: string | undefined;
  readonly account: string;
  readonly secret: Uint8Array;
  readonly algorithm: OtpAlgorithm;
  /** 4 to 10. */
  readonly digits: number;
}

export type OtpAuth =
  | (OtpAuthCommon & { readonly type: 'totp' /** Seconds. */; readonly period: number })
  | (OtpAuthCommon & { readonly type: 'hotp' /** Of the next password, up to 2^64-1. */; readonly counter: bigint });

const ALGORITHMS: readonly string[] = ['SHA1', 'SHA256', 'SHA512'] satisfies OtpAlgorithm[];
const MAX_PERIOD = 0xffff;
const MAX_COUNTER = 2n ** 64n - 1n;

function fail(field: string, expected: string): never {
  throw new TypeError(`otpauth URI: ${field}: ${expected}`);
}

/**
 * Reads an otpauth URI.
 * @throws TypeError that names the field; it never shows the secret
 */
export function parseOtpAuth(uri: string): OtpAuth {
  const match = /^otpauth:\/\/([^/?#]+)\/([^?#]*)(?:\?([^#]*))?$/i.exec(uri.trim());
  if (match === null) throw new TypeError('otpauth URI: expected otpauth://totp/LABEL?... or otpauth://hotp/LABEL?...');
  const type = match[1]!.toLowerCase();
  if (type !== 'totp' && type !== 'hotp') fail('type', `expected totp or hotp, got ${JSON.stringify(type)}`);
  const parameters = new URLSearchParams(match[3] ?? '');
  const once = (name: string): string | undefined => {
    const values = parameters.getAll(name);
    if (values.length > 1) fail(name, `expected it once, got it ${values.length} times`);
    return values[0];
  };
  const { issuer, account } = parseLabel(match[2]!, once('issuer'));
  const common = {
    issuer,
    account,
    secret: parseSecret(once('secret')),
    algorithm: parseAlgorithm(once('algorithm')),
    digits: integer('digits', once('digits') ?? '6', MIN_DIGITS, MAX_DIGITS),
  };
  if (type === 'totp') return { ...common, type, period: integer('period', once('period') ?? '30', 1, MAX_PERIOD) };
  return { ...common, type, counter: parseCounter(once('counter')) };
}

function parseLabel(encoded: string, parameter: string | undefined): { issuer: string | undefined; account: string } {
  let label: string;
  try {
    label = decodeURIComponent(encoded);
  } catch {
    fail('label', 'expected percent-encoded UTF-8');
  }
  const colon = label.indexOf(':');
  const prefix = colon < 0 ? undefined : label.slice(0, colon).trim();
  const account = label.slice(colon + 1).trim();
  if (account === '') fail('label', 'expected an account name, got none');
  // The parameter is the newer form, and stronger than the prefix.
  return { issuer: parameter || prefix || undefined, account };
}

function parseSecret(text: string | undefined): Uint8Array {
  if (!text) fail('secret', 'expected base32, got nothing');
  let secret: Uint8Array;
  try {
    secret = fromBase32(text);
  } catch (error) {
    fail('secret', (error as TypeError).message);
  }
  if (secret.length === 0) fail('secret', 'expected at least one byte, got none');
  return secret;
}

function parseAlgorithm(text = 'SHA1'): OtpAlgorithm {
  const name = text.toUpperCase().replace('-', '');
  if (!ALGORITHMS.includes(name)) fail('algorithm', `expected ${ALGORITHMS.join(', ')}, got ${JSON.stringify(text)}`);
  return name as OtpAlgorithm;
}

function integer(field: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    fail(field, `expected a number from ${least} to ${most}, got ${JSON.stringify(text)}`);
  }
  return value;
}

function parseCounter(text: string | undefined): bigint {
  if (text === undefined) fail('counter', 'expected a number (HOTP has one), got nothing');
  const value = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value > MAX_COUNTER) fail('counter', `expected 0 to 2^64-1, got ${JSON.stringify(text)}`);
  return value;
}

/** Writes an otpauth URI; defaults (SHA1, 6 digits, 30 s) are written too, because not all readers know them. */
export function formatOtpAuth(account: OtpAuth): string {
  const { issuer, type } = account;
  const label = [issuer, account.account].filter((part) => part !== undefined);
  if (label.some((part) => part.includes(':'))) fail('label', 'expected issuer and account without a colon');
  const parameters = [
    `secret=${toBase32(account.secret)}`,
    ...(issuer === undefined ? [] : [`issuer=${encodeURIComponent(issuer)}`]),
    `algorithm=${account.algorithm}`,
    `digits=${account.digits}`,
    type === 'totp' ? `period=${account.period}` : `counter=${account.counter}`,
  ];
  return `otpauth://${type}/${label.map(encodeURIComponent).join(':')}?${parameters.join('&')}`;
}
