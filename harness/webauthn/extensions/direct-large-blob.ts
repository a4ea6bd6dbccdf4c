/** largeBlob with an authenticator that keeps the blobs itself: its extension largeBlob, CTAP 2.3 §12.4. */
import { toBase64Url } from '../../../ctap/bytes.ts';
import type { CborValue } from '../../../ctap/cbor.ts';
import {
  LARGE_BLOB,
  largeBlobAssertionInput,
  largeBlobAssertionOutput,
  largeBlobCreationInput,
  largeBlobCreationOutput,
} from '../../../ctap/extensions/large-blob.ts';
import type { Message } from '../../../ctap/schema.ts';
import { deflate, inflate } from '../../client/large-blob-map.ts';
import { ProtocolError } from '../../client/protocol-error.ts';
import type { ClientOutputs, CreatedCredential, ExtensionExchange, GivenAssertion } from './extension.ts';

type Outputs = Readonly<Record<string, CborValue>> | undefined;

/** Asks for a credential with a blob. */
export function directCreation(support: 'required' | 'preferred'): ExtensionExchange<CreatedCredential> {
  return {
    inputs: () => ({ [LARGE_BLOB]: largeBlobCreationInput.encode({ support }) }),
    outputs({ unsignedExtensionOutputs }) {
      const supported = read(largeBlobCreationOutput, unsignedExtensionOutputs)?.supported ?? false;
      if (supported || support === 'preferred') return { largeBlob: { supported } };
      throw new ProtocolError('largeBlob: expected a credential with a blob, which was required, got one without');
    },
  };
}

/** Reads the blob. */
export const directReading: ExtensionExchange<GivenAssertion> = {
  inputs: () => ({ [LARGE_BLOB]: largeBlobAssertionInput.encode({ read: true }) }),
  async outputs({ unsignedExtensionOutputs }): Promise<ClientOutputs> {
    const { blob, originalSize } = read(largeBlobAssertionOutput, unsignedExtensionOutputs) ?? {};
    if (blob === undefined) return { largeBlob: {} };
    if (originalSize === undefined)
      throw new ProtocolError('largeBlob: expected originalSize beside the blob, got none');
    return { largeBlob: { blob: toBase64Url(await inflate(blob, originalSize)) } };
  },
};

/** Writes a blob in the place of the one before. */
export function directWriting(blob: Uint8Array): ExtensionExchange<GivenAssertion> {
  return {
    async inputs() {
      const input = { write: await deflate(blob), originalSize: blob.length };
      return { [LARGE_BLOB]: largeBlobAssertionInput.encode(input) };
    },
    outputs({ unsignedExtensionOutputs }) {
      return { largeBlob: { written: read(largeBlobAssertionOutput, unsignedExtensionOutputs)?.written ?? false } };
    },
  };
}

function read<T>(message: Message<T>, outputs: Outputs): T | undefined {
  const output = outputs?.[LARGE_BLOB];
  return output === undefined ? undefined : message.decode(output, message.name);
}
