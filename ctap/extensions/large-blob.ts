/**
 * largeBlob (CTAP 2.3 §12.4): a blob that the key keeps itself, given and taken by assertions. A key has either this or
 * largeBlobKey with authenticatorLargeBlobs. Outputs are unsigned extension outputs; blobs are compressed (RFC 1951).
 */
import type { CborValue } from '../cbor.ts';
import { bool, bytes, type Infer, type Message, message, optional, required, text, uint } from '../schema.ts';
import { CtapError } from '../status.ts';

export const LARGE_BLOB = 'largeBlob';

/** At authenticatorMakeCredential; `support` is "required" or "preferred". */
export const largeBlobCreationInput = message('largeBlob', { support: required('support', text) });
export const largeBlobCreationOutput = message('largeBlob output', { supported: required('supported', bool) });

/** At authenticatorGetAssertion: `read`, or `write` with the length of what was compressed. */
export const largeBlobAssertionInput = message('largeBlob', {
  read: optional('read', bool),
  write: optional('write', bytes()),
  originalSize: optional('originalSize', uint),
});
export type LargeBlobAssertionInput = Infer<typeof largeBlobAssertionInput>;

export const largeBlobAssertionOutput = message('largeBlob output', {
  written: optional('written', bool),
  blob: optional('blob', bytes()),
  originalSize: optional('originalSize', uint),
});

/** Reads the input at authenticatorMakeCredential. @throws CtapError CTAP2_ERR_INVALID_CBOR */
export function readLargeBlobCreationInput(value: CborValue): 'required' | 'preferred' {
  const { support } = decode(largeBlobCreationInput, value);
  if (support === 'required' || support === 'preferred') return support;
  throw invalid(`support: expected required or preferred, got ${JSON.stringify(support)}`);
}

/** What the platform asks of an assertion. */
export type LargeBlobRequest =
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly blob: Uint8Array; readonly originalSize: number };

/** Reads the input at authenticatorGetAssertion. @throws CtapError CTAP2_ERR_INVALID_CBOR */
export function readLargeBlobAssertionInput(value: CborValue): LargeBlobRequest {
  const { read, write, originalSize } = decode(largeBlobAssertionInput, value);
  if (read !== undefined && write !== undefined) throw invalid('expected read or write, got both');
  if (read === true) return { kind: 'read' };
  if (write === undefined) throw invalid('expected read: true or write, got neither');
  if (originalSize === undefined) throw invalid('write came without originalSize');
  return { kind: 'write', blob: write, originalSize };
}

function decode<T>(codec: Message<T>, value: CborValue): T {
  try {
    return codec.decode(value, codec.name);
  } catch (error) {
    if (error instanceof CtapError) throw invalid(error.message);
    throw error;
  }
}

function invalid(detail: string): CtapError {
  return new CtapError('CTAP2_ERR_INVALID_CBOR', `largeBlob: ${detail}`);
}
