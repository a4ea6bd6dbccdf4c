/** CBOR requests to throw at a key: random, right ones that were spoiled, and maps of the right keys with wrong values. */
import fc from 'fast-check';
import { type CborMap, encodeCbor } from '../../../ctap/cbor.ts';
import { authenticatorConfigRequest } from '../../../ctap/commands/authenticator-config.ts';
import { bioEnrollmentRequest } from '../../../ctap/commands/bio-enrollment.ts';
import { clientPinRequest } from '../../../ctap/commands/client-pin.ts';
import { credentialManagementRequest } from '../../../ctap/commands/credential-management.ts';
import { getAssertionRequest } from '../../../ctap/commands/get-assertion.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { largeBlobsRequest } from '../../../ctap/commands/large-blobs.ts';
import { makeCredentialRequest } from '../../../ctap/commands/make-credential.ts';
import type { Platform } from '../authenticator/platform.ts';
import {
  anyKey,
  anyValue,
  type ByteMutation,
  byteMutation,
  mutateBytes,
  mutateTree,
  type TreeMutation,
  treeMutation,
} from './mutations.ts';
import { builders, type RequestName, type Request as RightRequest, requestBytes, requestNames } from './requests.ts';
import type { Prepared } from './subject.ts';

export type Body =
  | { readonly kind: 'raw'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'spoiled';
      readonly name: RequestName;
      readonly tree: readonly TreeMutation[];
      readonly bytes: readonly ByteMutation[];
    }
  | { readonly kind: 'typed'; readonly command: number; readonly parameters: CborMap };

const tables = new Map<number, { readonly members: readonly { readonly key: number | bigint | string }[] }>([
  [Command.authenticatorMakeCredential, makeCredentialRequest],
  [Command.authenticatorGetAssertion, getAssertionRequest],
  [Command.authenticatorClientPIN, clientPinRequest],
  [Command.authenticatorBioEnrollment, bioEnrollmentRequest],
  [Command.authenticatorCredentialManagement, credentialManagementRequest],
  [Command.authenticatorLargeBlobs, largeBlobsRequest],
  [Command.authenticatorConfig, authenticatorConfigRequest],
  [Command.prototypeAuthenticatorBioEnrollment, bioEnrollmentRequest],
  [Command.prototypeAuthenticatorCredentialManagement, credentialManagementRequest],
]);

const commandByte = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...Object.values(Command)) },
  { weight: 1, arbitrary: fc.nat({ max: 255 }) },
);
const raw = fc
  .tuple(commandByte, fc.uint8Array({ maxLength: 60 }))
  .map(([command, rest]) => ({ kind: 'raw' as const, bytes: Uint8Array.of(command, ...rest) }));
const oversized = fc
  .tuple(commandByte, fc.integer({ min: 1000, max: 7609 }))
  .map(([command, length]) => ({ kind: 'raw' as const, bytes: new Uint8Array(length).fill(0x81).fill(command, 0, 1) }));
const spoiled = fc.record({
  kind: fc.constant('spoiled' as const),
  name: fc.constantFrom(...requestNames),
  tree: fc.array(treeMutation, { maxLength: 2 }),
  bytes: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(byteMutation, { maxLength: 2 }) },
  ),
});
const typed = fc.constantFrom(...tables).chain(([command, { members }]) => {
  const key = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...members.map(({ key }) => key)) },
    { weight: 1, arbitrary: anyKey },
  );
  return fc
    .array(fc.tuple(key, anyValue), { maxLength: 6 })
    .map((entries) => ({ kind: 'typed' as const, command, parameters: new Map(entries) }));
});

export const body: fc.Arbitrary<Body> = fc.oneof(
  { weight: 5, arbitrary: spoiled },
  { weight: 3, arbitrary: typed },
  { weight: 2, arbitrary: raw },
  { weight: 1, arbitrary: oversized },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 10 }).map((bytes) => ({ kind: 'raw' as const, bytes })) },
);

/** The bytes of a body; a right request is asked of the platform, which may talk to the key for it. */
export async function bodyBytes(body: Body, platform: Platform, prepared: Prepared): Promise<Uint8Array> {
  if (body.kind === 'raw') return body.bytes;
  if (body.kind === 'typed') return Uint8Array.of(body.command, ...encodeCbor(body.parameters));
  const { command, parameters }: RightRequest = await builders[body.name](platform, prepared);
  const mutated = parameters ? { command, parameters: mutateTree(parameters, body.tree) } : { command };
  return mutateBytes(requestBytes(mutated), body.bytes);
}
