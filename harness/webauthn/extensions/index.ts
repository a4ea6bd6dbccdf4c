/** The extensions that this client knows: their parts in one ceremony. */
import type { CborValue } from '../../../ctap/cbor.ts';
import { beginAppId, beginAppIdExclude } from './app-id.ts';
import { beginCredProps } from './cred-props.ts';
import { beginCredProtect } from './cred-protect.ts';
import type { BeginAssertion, BeginCreation, ClientOutputs, ExtensionExchange } from './extension.ts';
import { beginHmacCreateSecret } from './hmac-create-secret.ts';
import type { AuthenticationExtensionsClientInputs } from './inputs.ts';
import { beginMinPinLength } from './min-pin-length.ts';
import { beginPrfAssertion, beginPrfCreation } from './prf.ts';

export type { CreatedCredential, ExtensionAuthenticator, GivenAssertion } from './extension.ts';

/** The extensions asked for in create(). @throws DOMException NotSupportedError for inputs that make no sense there */
export function creationExtensions(inputs: AuthenticationExtensionsClientInputs): BeginCreation[] {
  return [
    beginAppIdExclude(inputs),
    beginCredProps(inputs),
    beginCredProtect(inputs),
    beginHmacCreateSecret(inputs),
    beginMinPinLength(inputs),
    beginPrfCreation(inputs),
  ].filter((begin) => begin !== undefined);
}

/** The extensions asked for in get(). @throws DOMException NotSupportedError or SyntaxError for inputs that do not fit */
export function assertionExtensions(
  inputs: AuthenticationExtensionsClientInputs,
  allowed: readonly { readonly id: Uint8Array }[] | undefined,
): BeginAssertion[] {
  return [beginAppId(inputs), beginPrfAssertion(inputs, allowed)].filter((begin) => begin !== undefined);
}

/** The authenticator extension inputs of all parts; undefined where there are none. */
export async function authenticatorInputs(
  exchanges: readonly ExtensionExchange<never>[],
): Promise<Record<string, CborValue> | undefined> {
  const inputs: Record<string, CborValue> = {};
  for (const exchange of exchanges) Object.assign(inputs, await exchange.inputs?.());
  return Object.keys(inputs).length > 0 ? inputs : undefined;
}

/** The client extension outputs of all parts. */
export function clientOutputs<Result>(exchanges: readonly ExtensionExchange<Result>[], result: Result): ClientOutputs {
  return Object.assign({}, ...exchanges.map((exchange) => exchange.outputs?.(result)));
}
