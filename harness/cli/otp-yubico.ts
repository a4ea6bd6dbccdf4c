/** `ctaplab otp yubico`: a Yubico OTP for a virtual key to type. Token2's keys have no command for it, so the lab gives it. */
import { type Command, InvalidArgumentError } from 'commander';
import { fromModhex, toModhex } from '../../ctap/otp/yubico-otp.ts';
import { systemRandom } from '../../emulator/random.ts';
import { requireLab } from '../lab/lab-client.ts';
import { Failure } from './failure.ts';
import { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { readSecrets } from './secret-input.ts';
import { onlyKey } from './touch.ts';
import { verb } from './verb.ts';

interface YubicoOptions {
  readonly json?: boolean;
  readonly publicId?: string;
  readonly privateIdFile?: string;
  readonly aesFile?: string;
  readonly delete?: boolean;
}

/** Bytes of the public id that validation servers expect. */
const PUBLIC_ID_SIZE = 6;
const MAX_PUBLIC_ID_SIZE = 16;

export function yubicoCommand(): Command {
  return verb('yubico', 'give a key of the running lab a Yubico OTP, which the press types that its HOTP leaves free', [
    'otp yubico',
    'otp yubico 1 --public-id vvccccbdefgh --private-id-file private.txt --aes-file aes.txt',
    'otp yubico --delete',
  ])
    .argument('[key]', 'the key in the lab; can be left out where only one exists')
    .option('--public-id <modhex>', 'shown in clear before each password (default: 6 random bytes)', modhex)
    .option('--private-id-file <file>', 'file whose first line is the private id, 12 hexadecimal digits')
    .option('--aes-file <file>', 'file whose first line is the AES key, 32 hexadecimal digits')
    .option('--delete', 'take it away again')
    .addHelpText('after', '\nPrivate id and AES key are asked for, or are two lines of stdin, where no file is named.')
    .action(yubico);
}

function modhex(text: string): string {
  let bytes: Uint8Array;
  try {
    bytes = fromModhex(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  if (bytes.length <= MAX_PUBLIC_ID_SIZE) return text;
  throw new InvalidArgumentError(`expected at most ${MAX_PUBLIC_ID_SIZE} bytes, got ${bytes.length}`);
}

async function yubico(id: string | undefined, options: YubicoOptions): Promise<void> {
  const output = new Output(options);
  const lab = requireLab();
  const key = id?.replace(/^lab:/, '') ?? (await onlyKey(lab));
  if (options.delete) {
    await lab.yubicoOtp(key, undefined);
    output.document({ key, programmed: false });
    output.line(`Key ${key} types no Yubico OTP.`);
    return;
  }
  const publicId = options.publicId ?? toModhex(systemRandom.bytes(PUBLIC_ID_SIZE));
  const [privateId, aes] = await readSecrets([
    { name: 'private id', file: options.privateIdFile, fresh: false },
    { name: 'AES key', file: options.aesFile, fresh: false },
  ]);
  await lab.yubicoOtp(key, { publicId, privateId: hex('private id', 6, privateId!), key: hex('AES key', 16, aes!) });
  output.document({ key, programmed: true, publicId });
  output.line(`Key ${key} types Yubico OTPs that begin with ${publicId}; see one: ${PROGRAM} type --long`);
}

/** The secret itself is never shown. */
function hex(name: string, bytes: number, text: string): string {
  if (new RegExp(`^[0-9a-f]{${2 * bytes}}$`, 'i').test(text)) return text;
  throw new Failure('usage', `${name}: expected ${2 * bytes} hexadecimal digits, got something else`);
}
