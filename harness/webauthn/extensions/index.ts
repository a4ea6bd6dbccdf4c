/** The extensions that this client knows: their parts in one ceremony. */
import type { CborValue } from '../../../ctap/cbor.ts';
import { appIdAssertion, beginAppIdExclude } from './app-id.ts';
import { beginCredBlob, credBlobAssertion } from './cred-blob.ts';
import { beginCredProps, refuseCredProps } from './cred-props.ts';
import { beginCredProtect } from './cred-protect.ts';
import type { AssertionExtension, BeginCreation, ClientOutputs, ExtensionExchange } from './extension.ts';
import { beginHmacCreateSecret } from './hmac-create-secret.ts';
import type { AuthenticationExtensionsClientInputs } from './inputs.ts';
import { beginLargeBlobCreation, largeBlobAssertion } from './large-blob.ts';
import { beginMinPinLength } from './min-pin-length.ts';
import { beginPrfCreation, prfAssertion } from './prf.ts';

export type { CreatedCredential, ExtensionAuthenticator, GivenAssertion } from './extension.ts';

/** The extensions asked for in create(). @throws DOMException NotSupportedError or SyntaxError for inputs that make no sense there */
export function creationExtensions(inputs: AuthenticationExtensionsClientInputs): BeginCreation[] {
  return [
    beginAppIdExclude(inputs),
    beginCredBlob(inputs),
    beginCredProps(inputs),
    beginCredProtect(inputs),
    beginHmacCreateSecret(inputs),
    beginLargeBlobCreation(inputs),
    beginMinPinLength(inputs),
    beginPrfCreation(inputs),
  ].filter((begin) => begin !== undefined);
}

/** The extensions asked for in get(). @throws DOMException NotSupportedError or SyntaxError for inputs that do not fit */
export function assertionExtensions(
  inputs: AuthenticationExtensionsClientInputs,
  allowed: readonly { readonly id: Uint8Array }[] | undefined,
): AssertionExtension[] {
  return [
    appIdAssertion(inputs),
    refuseCredProps(inputs),
    credBlobAssertion(inputs),
    largeBlobAssertion(inputs, allowed),
    prfAssertion(inputs, allowed),
  ].filter((extension) => extension !== undefined);
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
export async function clientOutputs<Result>(
  exchanges: readonly ExtensionExchange<Result>[],
  result: Result,
): Promise<ClientOutputs> {
  const outputs: ClientOutputs = {};
  for (const exchange of exchanges) Object.assign(outputs, await exchange.outputs?.(result));
  return outputs;
}
