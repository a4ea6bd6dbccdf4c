/** One-time password secrets come from a prompt, a pipe, a file or a QR image: never from the command line. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { fromBase32 } from '../../ctap/otp/base32.ts';
import { type OtpAuth, parseOtpAuth } from '../../ctap/otp/otpauth-uri.ts';
import { Failure } from './failure.ts';
import { readSecrets } from './secret-input.ts';

export interface SecretOptions {
  readonly secretFile?: string;
  readonly qr?: string;
}

export function addSecretOptions(command: Command): Command {
  return command
    .option('--secret-file <file>', 'file whose first line is the secret in base32, or an otpauth URI')
    .option('--qr <image>', 'PNG image of an otpauth QR code')
    .addHelpText('after', '\nWithout --secret-file and --qr the secret is asked for, or is a line of stdin.');
}

/** A secret alone, or all that an otpauth URI says. */
export type GivenSecret = { readonly secret: Uint8Array; readonly account?: OtpAuth };

/** @throws Failure "usage" that names the field; the secret is never shown */
export async function readOtpSecret({ secretFile, qr }: SecretOptions): Promise<GivenSecret> {
  if (qr !== undefined && secretFile !== undefined) {
    throw new Failure('usage', '--qr and --secret-file contradict each other', 'Give one of them.');
  }
  if (qr !== undefined) return fromText(await readQr(qr), `the QR code of ${qr}`);
  const [text] = await readSecrets([{ name: 'secret (base32 or otpauth URI)', file: secretFile, fresh: false }]);
  return fromText(text!, secretFile ?? 'the secret');
}

function fromText(text: string, source: string): GivenSecret {
  try {
    if (/^otpauth:/i.test(text.trim())) {
      const account = parseOtpAuth(text);
      return { secret: account.secret, account };
    }
    const secret = fromBase32(text);
    if (secret.length === 0) throw new TypeError('expected at least one byte, got none');
    return { secret };
  } catch (error) {
    if (error instanceof TypeError) throw new Failure('usage', `${source}: ${error.message}`);
    throw error;
  }
}

/** The text of the QR code in a PNG image. */
async function readQr(path: string): Promise<string> {
  const [{ PNG }, { default: decodeQr }, bytes] = await Promise.all([
    import('pngjs'),
    import('qr/decode.js'),
    readFile(path),
  ]);
  let image: { readonly width: number; readonly height: number; readonly data: Uint8Array };
  try {
    image = PNG.sync.read(bytes);
  } catch (cause) {
    throw new Failure('usage', `${path}: expected a PNG image: ${(cause as Error).message}`, undefined, { cause });
  }
  try {
    return decodeQr(image);
  } catch (cause) {
    const message = `${path}: expected a QR code in the image, none can be read`;
    throw new Failure('usage', message, 'Crop the image to the code, or give the secret by --secret-file.', { cause });
  }
}
