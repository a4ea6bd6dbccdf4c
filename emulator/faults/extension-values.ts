/** Faults of extensions that give something back. */
import type { CborValue } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import { CRED_BLOB } from '../../ctap/extensions/cred-blob.ts';
import { LARGE_BLOB_KEY, LARGE_BLOB_KEY_LENGTH } from '../../ctap/extensions/large-blob-key.ts';
import { MIN_PIN_LENGTH } from '../../ctap/extensions/min-pin-length.ts';
import { PIN_COMPLEXITY_POLICY } from '../../ctap/extensions/pin-complexity-policy.ts';
import { THIRD_PARTY_PAYMENT } from '../../ctap/extensions/third-party-payment.ts';
import { UVM } from '../../ctap/extensions/uvm.ts';
import { acceptsFault, answerFault, authDataFault, type SeenRequest } from './ctap2-faults.ts';
import { extensionInputs } from './extensions.ts';
import type { Fault } from './fault.ts';
import { valuesAt } from './nested.ts';

const creation = [Command.authenticatorMakeCredential];
const assertion = [Command.authenticatorGetAssertion];
/** Of the answers of makeCredential and of getAssertion. */
const LARGE_BLOB_KEY_OF = { creation: 0x05, assertion: 0x07 } as const;

/** An output of an extension that is not what it should be; undefined leaves it as it is. */
function output(
  id: string,
  summary: string,
  commands: readonly number[],
  name: string,
  change: (said: CborValue | undefined) => CborValue | undefined,
): Fault {
  return authDataFault({
    id,
    summary,
    commands,
    when: (request) => extensionInputs(request)?.has(name) === true,
    change: (data) => {
      const changed = change(data.extensions?.get(name));
      return changed === undefined ? data : { ...data, extensions: new Map(data.extensions).set(name, changed) };
    },
  });
}

const asksForKey = (request: SeenRequest) => extensionInputs(request)?.get(LARGE_BLOB_KEY) === true;
const isPasskey = ({ parameters }: SeenRequest) => valuesAt(parameters, [0x07, 'rk']).includes(true);
const madeUp = new Uint8Array(LARGE_BLOB_KEY_LENGTH).fill(0x1b);

export const extensionValueFaults: readonly Fault[] = [
  output(
    'cred-blob-denies-that-it-is-stored',
    'says that a blob is not stored though it is',
    creation,
    CRED_BLOB,
    (said) => (said === true ? false : undefined),
  ),
  output(
    'cred-blob-claims-too-long',
    'says that a blob is stored though it is too long',
    creation,
    CRED_BLOB,
    (said) => (said === false ? true : undefined),
  ),
  output('cred-blob-gives-other-bytes', 'gives other bytes back than the blob', assertion, CRED_BLOB, (said) =>
    said instanceof Uint8Array && said.length > 0 ? said.map((byte) => byte ^ 1) : undefined,
  ),
  output('cred-blob-made-up', 'gives a blob for credentials without one', assertion, CRED_BLOB, (said) =>
    said instanceof Uint8Array && said.length === 0 ? Uint8Array.of(1) : undefined,
  ),
  answerFault({
    id: 'large-blob-key-withheld',
    summary: 'gives no largeBlobKey with a new passkey',
    commands: creation,
    when: asksForKey,
    change: (answer) => new Map([...answer].filter(([member]) => member !== LARGE_BLOB_KEY_OF.creation)),
  }),
  answerFault({
    id: 'large-blob-key-changes',
    summary: 'gives another largeBlobKey at getAssertion than at makeCredential',
    commands: assertion,
    when: asksForKey,
    change: (answer) => answer.set(LARGE_BLOB_KEY_OF.assertion, madeUp),
  }),
  answerFault({
    id: 'large-blob-key-unasked-at-creation',
    summary: 'gives a largeBlobKey with new passkeys that nobody asked one for',
    commands: creation,
    when: (request) => isPasskey(request) && !asksForKey(request),
    change: (answer) => answer.set(LARGE_BLOB_KEY_OF.creation, madeUp),
  }),
  answerFault({
    id: 'large-blob-key-unasked-at-assertion',
    summary: 'gives a largeBlobKey with assertions that nobody asked one for',
    commands: assertion,
    when: (request) => !asksForKey(request) && !request.parameters.has(0x03),
    change: (answer) => answer.set(LARGE_BLOB_KEY_OF.assertion, madeUp),
  }),
  acceptsFault({
    id: 'large-blob-key-for-server-side',
    summary: 'takes largeBlobKey for credentials that are not discoverable',
    commands: creation,
    when: (request) => asksForKey(request) && !isPasskey(request),
  }),
  acceptsFault({
    id: 'large-blob-key-takes-false',
    summary: 'takes largeBlobKey where it is not true',
    commands: creation,
    when: (request) => extensionInputs(request)?.get(LARGE_BLOB_KEY) === false,
  }),
  output('min-pin-length-for-all', 'tells any RP ID its minimum PIN length', creation, MIN_PIN_LENGTH, (said) =>
    said === undefined ? 4 : undefined,
  ),
  output('min-pin-length-wrong', 'tells a wrong minimum PIN length', creation, MIN_PIN_LENGTH, (said) =>
    typeof said === 'number' ? said + 1 : undefined,
  ),
  output(
    'pin-complexity-policy-for-all',
    'tells any RP ID its policy of PINs',
    creation,
    PIN_COMPLEXITY_POLICY,
    (said) => (said === undefined ? true : undefined),
  ),
  output('pin-complexity-policy-wrong', 'tells a wrong policy of PINs', creation, PIN_COMPLEXITY_POLICY, (said) =>
    typeof said === 'boolean' ? !said : undefined,
  ),
  output(
    'third-party-payment-forgotten',
    'forgets that a credential may pay for others',
    assertion,
    THIRD_PARTY_PAYMENT,
    (said) => (said === true ? false : undefined),
  ),
  output(
    'third-party-payment-for-all',
    'says of any credential that it may pay for others',
    assertion,
    THIRD_PARTY_PAYMENT,
    (said) => (said === false ? true : undefined),
  ),
  output('uvm-short-entries', 'gives entries of uvm of two numbers', creation, UVM, () => [[2, 4]]),
  output('get-assertion-uvm-empty', 'gives no entries of uvm at getAssertion', assertion, UVM, () => []),
];
