/** largeBlob: data of the relying party on the authenticator (WebAuthn Level 3 §10.1.5; CTAP 2.3 §6.10, §12.3, §12.4). */
import { toBase64Url } from '../../../ctap/bytes.ts';
import { LARGE_BLOB } from '../../../ctap/extensions/large-blob.ts';
import { LARGE_BLOB_KEY } from '../../../ctap/extensions/large-blob-key.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../../ctap/status.ts';
import { ProtocolError } from '../../client/protocol-error.ts';
import { Unsuitable, webauthnError } from '../errors.ts';
import { base64Url, boolean, Dictionary, known } from '../webidl.ts';
import { directCreation, directReading, directWriting } from './direct-large-blob.ts';
import type {
  AssertionExtension,
  BeginCreation,
  ClientOutputs,
  ExtensionAuthenticator,
  GivenAssertion,
  ReadInputs,
} from './extension.ts';

export interface LargeBlobInputs {
  readonly largeBlob?:
    | {
        readonly support?: 'required' | 'preferred' | undefined;
        readonly read?: boolean | undefined;
        readonly write?: Uint8Array | undefined;
      }
    | undefined;
}

const support = known('required', 'preferred');

export const readLargeBlob: ReadInputs<LargeBlobInputs> = (members) => ({
  largeBlob: members.may('largeBlob', (value, path) => {
    const largeBlob = new Dictionary(value, path);
    return {
      support: largeBlob.may('support', support),
      read: largeBlob.may('read', boolean),
      write: largeBlob.may('write', base64Url),
    };
  }),
});

/** @throws DOMException NotSupportedError for read and write: there is nothing to read or write before an assertion */
export function beginLargeBlobCreation({ largeBlob }: LargeBlobInputs): BeginCreation | undefined {
  if (!largeBlob) return undefined;
  if (largeBlob.read !== undefined || largeBlob.write !== undefined) {
    throw webauthnError('NotSupportedError', 'largeBlob: read and write go with get(), not with create()');
  }
  return (authenticator, discoverable) => {
    if (authenticator.supports(LARGE_BLOB)) return directCreation(largeBlob.support ?? 'preferred');
    // authenticators keep large blobs for discoverable credentials alone (CTAP 2.3 §12.3)
    const able = discoverable && authenticator.supports(LARGE_BLOB_KEY);
    if (!able && largeBlob.support === 'required') {
      const why = discoverable ? 'the authenticator has no large blobs' : 'the credential is not to be discoverable';
      throw new Unsuitable('NotAllowedError', `largeBlob: ${why}`);
    }
    return {
      inputs: (): Record<string, true> => (able ? { [LARGE_BLOB_KEY]: true } : {}),
      outputs: ({ largeBlobKey }) => ({ largeBlob: { supported: largeBlobKey !== undefined } }),
    };
  };
}

/** @throws DOMException NotSupportedError for support, for read with write, and for write but to exactly one credential */
export function largeBlobAssertion(
  { largeBlob }: LargeBlobInputs,
  allowed: readonly { readonly id: Uint8Array }[] | undefined,
): AssertionExtension | undefined {
  if (!largeBlob) return undefined;
  const { read, write } = largeBlob;
  const demand = (fits: boolean, message: string) => {
    if (!fits) throw webauthnError('NotSupportedError', `largeBlob: ${message}`);
  };
  demand(largeBlob.support === undefined, 'support goes with create(), not with get()');
  demand(read === undefined || write === undefined, 'expected read or write, got both');
  demand(write === undefined || allowed?.length === 1, 'write: expected allowCredentials of exactly one credential');
  if (!read && write === undefined) return undefined;
  return {
    permissions: (authenticator) =>
      write !== undefined && authenticator.supports(LARGE_BLOB_KEY) ? Permission.largeBlobWrite : 0,
    begin(authenticator) {
      if (authenticator.supports(LARGE_BLOB)) return write === undefined ? directReading : directWriting(write);
      return {
        inputs: (): Record<string, true> => (authenticator.supports(LARGE_BLOB_KEY) ? { [LARGE_BLOB_KEY]: true } : {}),
        outputs: (given) =>
          write === undefined ? readBlob(authenticator, given) : writeBlob(authenticator, given, write),
      };
    },
  };
}

async function readBlob(
  authenticator: ExtensionAuthenticator,
  { largeBlobKey }: GivenAssertion,
): Promise<ClientOutputs> {
  try {
    const blob = largeBlobKey && (await authenticator.largeBlobs().get(largeBlobKey));
    return { largeBlob: blob ? { blob: toBase64Url(blob) } : {} };
  } catch (error) {
    // the assertion holds all the same; what cannot be read is as if it were not there
    if (isFault(error)) return { largeBlob: {} };
    throw error;
  }
}

async function writeBlob(
  authenticator: ExtensionAuthenticator,
  { largeBlobKey, token }: GivenAssertion,
  blob: Uint8Array,
): Promise<ClientOutputs> {
  if (!largeBlobKey) return { largeBlob: { written: false } };
  try {
    await authenticator.largeBlobs(token).set(largeBlobKey, blob);
    return { largeBlob: { written: true } };
  } catch (error) {
    if (isFault(error)) return { largeBlob: { written: false } };
    throw error;
  }
}

/** True for what the key refuses (no room) and for what it answers wrongly. */
function isFault(error: unknown): boolean {
  return error instanceof CtapError || error instanceof ProtocolError || error instanceof RangeError;
}
