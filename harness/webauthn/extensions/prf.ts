/** prf: a pseudo-random function of the credential, by hmac-secret (WebAuthn Level 3 §10.1.4). */
import { createHash } from 'node:crypto';
import { concat, toBase64Url, utf8 } from '../../../ctap/bytes.ts';
import type { CborValue } from '../../../ctap/cbor.ts';
import { HMAC_SECRET, hmacSecretInput } from '../../../ctap/extensions/hmac-secret.ts';
import type { SharedSecret } from '../../client/pin.ts';
import { webauthnError } from '../errors.ts';
import { base64Url, type Convert, Dictionary, record } from '../webidl.ts';
import type { BeginAssertion, BeginCreation, ClientOutputs, ReadInputs } from './extension.ts';

export interface PrfValues {
  readonly first: Uint8Array;
  readonly second?: Uint8Array | undefined;
}

export interface PrfInputs {
  readonly prf?:
    | {
        readonly eval?: PrfValues | undefined;
        /** By base64url of the credential ID. */
        readonly evalByCredential?: ReadonlyMap<string, PrfValues> | undefined;
      }
    | undefined;
}

const CONTEXT = concat(utf8('WebAuthn PRF'), Uint8Array.of(0));
const OUTPUT_LENGTH = 32;

const values: Convert<PrfValues> = (value, path) => {
  const members = new Dictionary(value, path);
  return { first: members.need('first', base64Url), second: members.may('second', base64Url) };
};

export const readPrf: ReadInputs<PrfInputs> = (members) => ({
  prf: members.may('prf', (value, path) => {
    const prf = new Dictionary(value, path);
    return { eval: prf.may('eval', values), evalByCredential: prf.may('evalByCredential', record(values)) };
  }),
});

/** @throws DOMException NotSupportedError for evalByCredential, which has no meaning yet */
export function beginPrfCreation({ prf }: PrfInputs): BeginCreation | undefined {
  if (!prf) return undefined;
  if (prf.evalByCredential) {
    throw webauthnError('NotSupportedError', 'prf.evalByCredential: there is no credential before it is created');
  }
  return (authenticator) => ({
    inputs: authenticator.supports(HMAC_SECRET) ? { [HMAC_SECRET]: true } : undefined,
    outputs: ({ authData }) => ({ prf: { enabled: authData.extensions?.get(HMAC_SECRET) === true } }),
  });
}

/** Checks the keys of evalByCredential against the list of allowed credentials. */
function checkCredentialIds(
  evalByCredential: ReadonlyMap<string, PrfValues>,
  allowed: readonly { readonly id: Uint8Array }[] | undefined,
): void {
  if (evalByCredential.size > 0 && !allowed) {
    throw webauthnError('NotSupportedError', 'prf.evalByCredential: expected allowCredentials that it can refer to');
  }
  const ids = new Set(allowed?.map(({ id }) => toBase64Url(id)));
  for (const key of evalByCredential.keys()) {
    if (!ids.has(key)) {
      throw webauthnError('SyntaxError', `prf.evalByCredential: "${key}" is not the ID of an allowed credential`);
    }
  }
}

/** Encrypts the salts of the inputs under the shared secret (CTAP 2.3 §12.7). */
function hmacSecretRequest(inputs: PrfValues, { protocol, keyAgreement, sharedSecret }: SharedSecret): CborValue {
  const salt = (input: Uint8Array) => createHash('sha256').update(CONTEXT).update(input).digest();
  const salts = concat(salt(inputs.first), ...(inputs.second ? [salt(inputs.second)] : []));
  const saltEnc = protocol.encrypt(sharedSecret, salts, (length) =>
    globalThis.crypto.getRandomValues(new Uint8Array(length)),
  );
  return hmacSecretInput.encode({
    keyAgreement,
    saltEnc,
    saltAuth: protocol.authenticate(sharedSecret, saltEnc),
    // absent means one: keys of CTAP 2.0 do not know the member
    pinUvAuthProtocol: protocol.version === 1 ? undefined : protocol.version,
  });
}

function readResults(output: CborValue | undefined, { protocol, sharedSecret }: SharedSecret): ClientOutputs {
  if (!(output instanceof Uint8Array)) return { prf: {} };
  const results = protocol.decrypt(sharedSecret, output);
  const first = toBase64Url(results.subarray(0, OUTPUT_LENGTH));
  if (results.length === OUTPUT_LENGTH) return { prf: { results: { first } } };
  return { prf: { results: { first, second: toBase64Url(results.subarray(OUTPUT_LENGTH, 2 * OUTPUT_LENGTH)) } } };
}

/** @throws DOMException NotSupportedError or SyntaxError for an evalByCredential that does not fit `allowed` */
export function beginPrfAssertion(
  { prf }: PrfInputs,
  allowed: readonly { readonly id: Uint8Array }[] | undefined,
): BeginAssertion | undefined {
  if (!prf) return undefined;
  const byCredential = prf.evalByCredential ?? new Map<string, PrfValues>();
  checkCredentialIds(byCredential, allowed);
  return async (authenticator, credentialId) => {
    const inputs = (credentialId && byCredential.get(toBase64Url(credentialId))) ?? prf.eval;
    if (!inputs || !authenticator.supports(HMAC_SECRET)) return { outputs: () => ({ prf: {} }) };
    const secret = await authenticator.sharedSecret();
    return {
      inputs: { [HMAC_SECRET]: hmacSecretRequest(inputs, secret) },
      outputs: ({ authData }) => readResults(authData.extensions?.get(HMAC_SECRET), secret),
    };
  };
}
