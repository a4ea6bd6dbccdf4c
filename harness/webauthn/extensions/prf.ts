/** prf: a pseudo-random function of the credential, by hmac-secret (WebAuthn Level 3 §10.1.4). */
import { concat, toBase64Url, utf8 } from '../../../ctap/bytes.ts';
import type { CborValue } from '../../../ctap/cbor.ts';
import { HMAC_SECRET, hmacSecretInput } from '../../../ctap/extensions/hmac-secret.ts';
import { HMAC_SECRET_MC } from '../../../ctap/extensions/hmac-secret-mc.ts';
import type { SharedSecret } from '../../client/pin.ts';
import { ProtocolError } from '../../client/protocol-error.ts';
import { sha256 } from '../digest.ts';
import { webauthnError } from '../errors.ts';
import type { PrfValuesJSON } from '../json.ts';
import { base64Url, type Convert, Dictionary, record } from '../webidl.ts';
import type { AssertionExtension, BeginCreation, ReadInputs } from './extension.ts';

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
  const salt = (input: Uint8Array) => sha256(CONTEXT, input);
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

/** The member `results`, where the authenticator has given any. */
function readResults(output: CborValue | undefined, secret: SharedSecret): { results?: PrfValuesJSON } {
  if (!(output instanceof Uint8Array)) return {};
  const results = secret.protocol.decrypt(secret.sharedSecret, output);
  if (!results) throw new ProtocolError(`hmac-secret: expected whole blocks of 16 bytes, got ${output.length} bytes`);
  const first = toBase64Url(results.subarray(0, OUTPUT_LENGTH));
  if (results.length === OUTPUT_LENGTH) return { results: { first } };
  return { results: { first, second: toBase64Url(results.subarray(OUTPUT_LENGTH, 2 * OUTPUT_LENGTH)) } };
}

/** @throws DOMException NotSupportedError for evalByCredential, which has no meaning yet */
export function beginPrfCreation({ prf }: PrfInputs): BeginCreation | undefined {
  if (!prf) return undefined;
  if (prf.evalByCredential) {
    throw webauthnError('NotSupportedError', 'prf.evalByCredential: there is no credential before it is created');
  }
  return (authenticator) => {
    let secret: SharedSecret | undefined;
    return {
      async inputs(): Promise<Record<string, CborValue>> {
        if (!authenticator.supports(HMAC_SECRET)) return {};
        if (!prf.eval || !authenticator.supports(HMAC_SECRET_MC)) return { [HMAC_SECRET]: true };
        secret = await authenticator.sharedSecret();
        return { [HMAC_SECRET]: true, [HMAC_SECRET_MC]: hmacSecretRequest(prf.eval, secret) };
      },
      outputs({ authData: { extensions } }) {
        const enabled = extensions?.get(HMAC_SECRET) === true;
        return { prf: { enabled, ...(secret && readResults(extensions?.get(HMAC_SECRET_MC), secret)) } };
      },
    };
  };
}

/** @throws DOMException NotSupportedError or SyntaxError for an evalByCredential that does not fit `allowed` */
export function prfAssertion(
  { prf }: PrfInputs,
  allowed: readonly { readonly id: Uint8Array }[] | undefined,
): AssertionExtension | undefined {
  if (!prf) return undefined;
  const byCredential = prf.evalByCredential ?? new Map<string, PrfValues>();
  checkCredentialIds(byCredential, allowed);
  return {
    begin(authenticator, credentialId) {
      const inputs = (credentialId && byCredential.get(toBase64Url(credentialId))) ?? prf.eval;
      let secret: SharedSecret | undefined;
      return {
        async inputs(): Promise<Record<string, CborValue>> {
          if (!inputs || !authenticator.supports(HMAC_SECRET)) return {};
          secret = await authenticator.sharedSecret();
          return { [HMAC_SECRET]: hmacSecretRequest(inputs, secret) };
        },
        outputs: ({ authData }) => ({
          prf: secret ? readResults(authData.extensions?.get(HMAC_SECRET), secret) : {},
        }),
      };
    },
  };
}
