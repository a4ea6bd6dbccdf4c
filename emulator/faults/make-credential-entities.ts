/** Faults of authenticatorMakeCredential: keys that do not look at what is inside rp, user and the lists. */
import { Command } from '../../ctap/commands/index.ts';
import { acceptsFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { EACH, nestedFaults, valuesAt } from './nested.ts';

const commands = [Command.authenticatorMakeCredential];

const algorithms = (parameters: Parameters<typeof valuesAt>[0]) => valuesAt(parameters, [0x04, EACH, 'alg']);
const types = (parameters: Parameters<typeof valuesAt>[0]) => valuesAt(parameters, [0x04, EACH, 'type']);

/** A list of elements each of which has that value, and none else. */
function all(values: readonly unknown[], wanted: (value: unknown) => boolean): boolean {
  return values.length > 0 && values.every(wanted);
}

export const makeCredentialEntityFaults: readonly Fault[] = [
  ...nestedFaults('make-credential', Command.authenticatorMakeCredential, [
    { name: 'rp.id', path: [0x02, 'id'], required: true },
    { name: 'rp.name', path: [0x02, 'name'], required: false },
    { name: 'user.id', path: [0x03, 'id'], required: true },
    { name: 'user.name', path: [0x03, 'name'], required: false },
    { name: 'user.displayName', path: [0x03, 'displayName'], required: false },
    { name: 'pubKeyCredParams.element', path: [0x04, EACH], required: false },
    { name: 'pubKeyCredParams.alg', path: [0x04, EACH, 'alg'], required: true },
    { name: 'pubKeyCredParams.type', path: [0x04, EACH, 'type'], required: true },
    { name: 'excludeList.element', path: [0x05, EACH], required: false },
    { name: 'excludeList.id', path: [0x05, EACH, 'id'], required: true },
    { name: 'excludeList.type', path: [0x05, EACH, 'type'], required: true },
    { name: 'attestationFormatsPreference.element', path: [0x0b, EACH], required: false },
  ]),
  acceptsFault({
    id: 'make-credential-accepts-number-for-option',
    summary: 'takes the number 1 for an option of makeCredential',
    commands,
    when: ({ parameters }) => valuesAt(parameters, [0x07, 'rk']).includes(1),
  }),
  acceptsFault({
    id: 'make-credential-accepts-long-user-id',
    summary: 'takes a user.id of more than 64 bytes',
    commands,
    when: ({ parameters }) =>
      valuesAt(parameters, [0x03, 'id']).some((id) => id instanceof Uint8Array && id.length > 64),
  }),
  acceptsFault({
    id: 'make-credential-accepts-short-client-data-hash',
    summary: 'takes a clientDataHash of less than 32 bytes at makeCredential',
    commands,
    when: ({ parameters }) => lengthOf(parameters.get(0x01)) < 32,
  }),
  acceptsFault({
    id: 'make-credential-accepts-long-client-data-hash',
    summary: 'takes a clientDataHash of more than 32 bytes at makeCredential',
    commands,
    when: ({ parameters }) => lengthOf(parameters.get(0x01)) > 32,
  }),
  acceptsFault({
    id: 'make-credential-accepts-unknown-algorithm',
    summary: 'makes credentials though it knows none of the algorithms that are offered',
    commands,
    when: ({ parameters }) =>
      all(algorithms(parameters), (alg) => typeof alg === 'number' && alg < -60_000) &&
      all(types(parameters), (type) => type === 'public-key'),
  }),
  acceptsFault({
    id: 'make-credential-accepts-unknown-type',
    summary: 'makes credentials of types that it does not know',
    commands,
    when: ({ parameters }) => all(types(parameters), (type) => typeof type === 'string' && type !== 'public-key'),
  }),
  acceptsFault({
    id: 'make-credential-accepts-empty-pub-key-cred-params',
    summary: 'makes credentials though no algorithm is offered',
    commands,
    when: ({ parameters }) => {
      const list = parameters.get(0x04);
      return Array.isArray(list) && list.length === 0;
    },
  }),
  acceptsFault({
    id: 'make-credential-stops-at-first-algorithm',
    summary: 'looks at pubKeyCredParams only as far as the first algorithm that it knows',
    commands,
    when: ({ parameters }) => {
      const [first, ...others] = algorithms(parameters);
      return typeof first === 'number' && others.some((alg) => typeof alg === 'string');
    },
  }),
];

function lengthOf(value: unknown): number {
  return value instanceof Uint8Array ? value.length : 32;
}
