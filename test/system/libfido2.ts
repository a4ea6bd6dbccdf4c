/** What libfido2's fido2-cred and fido2-assert are given, and what they print. */
import { randomBytes } from 'node:crypto';
import { type AuthenticatorData, decodeAuthenticatorData } from '../../ctap/authenticator-data.ts';
import { decodeCbor } from '../../ctap/cbor.ts';
import { succeed } from './commands.ts';
import type { Kernel } from './kernel.ts';

export type CredentialType = 'es256' | 'eddsa';

export interface Ceremony {
  readonly rpId: string;
  /** Options of the program, as `-r -v`. */
  readonly options?: string;
  readonly type?: CredentialType;
  /** Given on stdin to whoever asks. */
  readonly pin?: string;
}

export interface Made {
  readonly format: string;
  readonly authData: AuthenticatorData;
  /** Base64, as all that these programs print. */
  readonly id: string;
  /** PEM, as fido2-cred printed it when it had verified the credential. */
  readonly publicKey: string;
}

export interface Asserted {
  readonly authData: AuthenticatorData;
  /** All lines after the signature: user id, hmac-secret. */
  readonly rest: readonly string[];
  /** What fido2-assert -V takes. */
  readonly text: string;
}

const challenge = () => randomBytes(32).toString('base64');

/** The commands of a user who makes a credential and verifies it. `verify` are the options of the verification. */
export async function make(
  kernel: Kernel,
  device: string,
  { rpId, options = '', type = 'es256', pin = '' }: Ceremony,
  user: { readonly name: string; readonly id: string } = { name: 'joe', id: challenge() },
  verify = '',
): Promise<Made> {
  const env = { PARAMETERS: `${[challenge(), rpId, user.name, user.id].join('\n')}\n`, PIN: pin };
  const stdout = await succeed(
    kernel,
    `made=$(printf '%s\\n' "$PIN" | fido2-cred -M ${options} -i <(printf %s "$PARAMETERS") ${device} ${type}) &&
     verified=$(printf '%s\\n' "$made" | fido2-cred -V ${verify} ${type}) &&
     printf '%s\\n' "$made" ==== "$verified"`,
    { env },
  );
  const [made = '', verified = ''] = stdout.split('====\n');
  const [, , format = '', authData = ''] = made.split('\n');
  const [id = '', ...key] = verified.split('\n');
  return { format, authData: readAuthData(authData), id, publicKey: key.join('\n') };
}

/** An assertion, verified by fido2-assert with the options `verify`. Without `id` a resident credential is asked for. */
export async function assert(
  kernel: Kernel,
  device: string,
  { rpId, options = '', type = 'es256', pin = '' }: Ceremony,
  { publicKey, id, salt }: { readonly publicKey: string; readonly id?: string; readonly salt?: string },
  verify = '',
): Promise<Asserted> {
  const env = { PARAMETERS: assertParameters(rpId, id, salt), PIN: pin, PUBLIC_KEY: publicKey };
  const text = await succeed(
    kernel,
    `asserted=$(printf '%s\\n' "$PIN" | fido2-assert -G ${options} -i <(printf %s "$PARAMETERS") ${device}) &&
     printf '%s\\n' "$asserted" | head -4 | fido2-assert -V ${verify} <(printf %s "$PUBLIC_KEY") ${type} &&
     printf '%s\\n' "$asserted"`,
    { env },
  );
  const [, , authData = '', , ...rest] = text.trimEnd().split('\n');
  return { authData: readAuthData(authData), rest, text };
}

/** The input file of fido2-assert -G. */
export function assertParameters(rpId: string, id?: string, salt?: string): string {
  return [challenge(), rpId, ...(id === undefined ? [] : [id]), ...(salt === undefined ? [] : [salt]), ''].join('\n');
}

/** libfido2 prints authenticator data as the CBOR byte string that it was in. */
function readAuthData(base64: string): AuthenticatorData {
  const data = decodeCbor(Buffer.from(base64, 'base64'));
  if (!(data instanceof Uint8Array)) throw new Error(`expected authenticator data in base64, got ${base64}`);
  return decodeAuthenticatorData(data);
}
