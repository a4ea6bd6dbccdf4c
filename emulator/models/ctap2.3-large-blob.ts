/** A key of CTAP 2.3 that keeps large blobs itself (§12.4): what excludes largeBlobKey and authenticatorLargeBlobs. */
import { fromHex } from '../../ctap/bytes.ts';
import { ctap23Everything } from './ctap2.3-everything.ts';
import type { Model } from './model.ts';

export const ctap23LargeBlob: Model = {
  ...ctap23Everything,
  name: 'ctap2.3-large-blob',
  description: 'a key of CTAP 2.3 with the extension largeBlob instead of largeBlobKey',
  serialPrefix: '00024',
  aaguid: fromHex('c7a91ab0000040008000000000000024'),
  options: ctap23Everything.options.filter((name) => name !== 'largeBlobs'),
  extensions: ctap23Everything.extensions.map((name) => (name === 'largeBlobKey' ? 'largeBlob' : name)),
  maxSerializedLargeBlobArray: 0,
};
