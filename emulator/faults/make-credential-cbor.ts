/** Faults of authenticatorMakeCredential: keys that take CBOR which is none, or not canonical. */
import { Command } from '../../ctap/commands/index.ts';
import { type CborFlaw, cborFlaws } from './cbor-flaws.ts';
import { acceptsFault, bytesFault, statusFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { valuesAt } from './nested.ts';

const commands = [Command.authenticatorMakeCredential];

const flaws: readonly (readonly [id: string, flaw: CborFlaw, summary: string])[] = [
  ['unsorted-map', 'unsorted', 'whose maps are out of order'],
  ['duplicate-key', 'duplicate', 'with two entries of one key'],
  ['indefinite-length', 'indefinite', 'with items of indefinite length'],
  ['non-minimal-integer', 'nonMinimal', 'with numbers that are longer than they need to be'],
  ['tag', 'tag', 'with tags'],
  ['deep-nesting', 'deep', 'nested deeper than four levels'],
  ['trailing-byte', 'trailing', 'with bytes after their end'],
  ['truncated-request', 'truncated', 'that end too soon'],
  ['empty-request', 'empty', 'without any parameters'],
];

export const makeCredentialCborFaults: readonly Fault[] = [
  ...flaws.map(([id, flaw, summary]) =>
    acceptsFault({
      id: `make-credential-accepts-${id}`,
      summary: `takes makeCredential requests ${summary}`,
      commands,
      when: ({ bytes }) => cborFlaws(bytes.subarray(1)).has(flaw),
    }),
  ),
  acceptsFault({
    id: 'make-credential-accepts-list-for-parameters',
    summary: 'takes a list in place of the map of parameters of makeCredential',
    commands,
    when: ({ bytes }) => (bytes[1] ?? 0) >> 5 === 4,
  }),
  statusFault({
    id: 'make-credential-refuses-unknown-parameter',
    summary: 'refuses makeCredential requests with a parameter that it does not know',
    commands,
    status: 'CTAP1_ERR_INVALID_PARAMETER',
    when: ({ parameters }) => [...parameters.keys()].some((key) => typeof key !== 'number' || key > 0x0b),
  }),
  statusFault({
    id: 'make-credential-refuses-unknown-user-member',
    summary: 'refuses makeCredential requests with a member of user that it does not know',
    commands,
    status: 'CTAP1_ERR_INVALID_PARAMETER',
    when: ({ parameters }) => valuesAt(parameters, [0x03, 'icon']).some((icon) => icon !== undefined),
  }),
  statusFault({
    id: 'make-credential-refuses-four-levels',
    summary: 'refuses makeCredential requests that are nested four levels deep',
    commands,
    status: 'CTAP2_ERR_INVALID_CBOR',
    when: ({ bytes, parameters }) =>
      !cborFlaws(bytes.subarray(1)).has('deep') && valuesAt(parameters, [0x05, '*', 'transports', '*']).length > 0,
  }),
  bytesFault({
    id: 'make-credential-trailing-byte',
    summary: 'ends the answer to makeCredential with a byte too many',
    commands,
    change: (answer) => Uint8Array.of(...answer, 0),
  }),
];
