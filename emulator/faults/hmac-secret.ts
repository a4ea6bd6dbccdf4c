/** Faults of hmac-secret and hmac-secret-mc. */
import { toHex } from '../../ctap/bytes.ts';
import type { CborMap } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import { HMAC_SECRET } from '../../ctap/extensions/hmac-secret.ts';
import { HMAC_SECRET_MC } from '../../ctap/extensions/hmac-secret-mc.ts';
import { Flag } from '../../ctap/flags.ts';
import { acceptsFault, authDataFault, type SeenRequest, seen } from './ctap2-faults.ts';
import { extensionInputs } from './extensions.ts';
import type { Fault } from './fault.ts';
import { EACH, valuesAt } from './nested.ts';

const commands = [Command.authenticatorGetAssertion];
/** In bytes; protocol 2 puts an initialization vector in front. */
const SALT = 32;
const VECTOR = 16;

/** What a getAssertion request asks of hmac-secret. */
function asked(request: SeenRequest) {
  const input = extensionInputs(request)?.get(HMAC_SECRET);
  if (!(input instanceof Map)) return undefined;
  const saltEnc = input.get(0x02);
  const protocol = input.get(0x04) ?? 1;
  const length = saltEnc instanceof Uint8Array ? saltEnc.length - (protocol === 2 ? VECTOR : 0) : undefined;
  const salts = saltEnc instanceof Uint8Array ? toHex(saltEnc) : '';
  const [id] = valuesAt(request.parameters, [0x03, EACH, 'id']);
  return { input, protocol, length, salts, credential: id instanceof Uint8Array ? toHex(id) : '' };
}

type Asked = NonNullable<ReturnType<typeof asked>>;

function withSecret(
  outputs: CborMap | undefined,
  change: (output: Uint8Array) => Uint8Array,
  name = HMAC_SECRET,
): CborMap {
  const output = outputs?.get(name);
  return output instanceof Uint8Array ? new Map(outputs).set(name, change(output)) : new Map(outputs);
}

/** Turns a bit over in the last block. */
function spoiled(output: Uint8Array): Uint8Array {
  return output.map((byte, index) => (index === output.length - 1 ? byte ^ 1 : byte));
}

function outputFault(
  id: string,
  summary: string,
  when: (input: Asked) => boolean,
  change: (output: Uint8Array) => Uint8Array,
): Fault {
  return authDataFault({
    id,
    summary,
    commands,
    when: (request) => {
      const input = asked(request);
      return input !== undefined && when(input);
    },
    change: (data) => ({ ...data, extensions: withSecret(data.extensions, change) }),
  });
}

/** The key keeps outputs by less than it should, or changes those that it has given. */
function rememberingFault(
  id: string,
  summary: string,
  nameOf: (input: Asked, userVerified: boolean) => string,
  again: (before: Uint8Array, now: Uint8Array) => Uint8Array,
): Fault {
  return {
    id,
    summary,
    commands,
    concerns: (bytes) => asked(seen(bytes)) !== undefined,
    install: () => {
      const given = new Map<string, Uint8Array>();
      let input: Asked | undefined;
      return {
        cbor: (bytes, next) => {
          input = asked(seen(bytes));
          return next(bytes);
        },
        authData: (data) => {
          if (input === undefined) return data;
          const name = nameOf(input, (data.flags & Flag.UV) !== 0);
          const change = (output: Uint8Array) => {
            const before = given.get(name);
            if (before !== undefined) return again(before, output);
            given.set(name, output);
            return output;
          };
          return { ...data, extensions: withSecret(data.extensions, change) };
        },
      };
    },
  };
}

const before = (output: Uint8Array) => output;

function takes(id: string, summary: string, when: (input: Asked) => boolean): Fault {
  return acceptsFault({
    id,
    summary,
    commands,
    when: (request) => {
      const input = asked(request);
      return input !== undefined && when(input);
    },
  });
}

export const hmacSecretFaults: readonly Fault[] = [
  authDataFault({
    id: 'hmac-secret-denied-at-creation',
    summary: 'says that a new credential has no hmac-secret though it has',
    commands: [Command.authenticatorMakeCredential],
    when: (request) => extensionInputs(request)?.get(HMAC_SECRET) === true,
    change: (data) => ({ ...data, extensions: new Map(data.extensions).set(HMAC_SECRET, false) }),
  }),
  ...([1, 2] as const).flatMap((version) =>
    ([1, 2] as const).map((salts) =>
      outputFault(
        `hmac-secret-short-by-protocol-${version}-for-${salts}`,
        `gives half of the secrets by protocol ${version} for ${salts === 1 ? 'one salt' : 'two salts'}`,
        ({ protocol, length }) => protocol === version && length === salts * SALT,
        (output) => output.subarray(0, output.length - 16),
      ),
    ),
  ),
  rememberingFault(
    'hmac-secret-other-each-time',
    'gives another secret when a salt comes again',
    ({ credential, salts }, verified) => `${credential} ${salts} ${verified}`,
    (_, now) => spoiled(now),
  ),
  rememberingFault(
    'hmac-secret-one-for-all-salts',
    'gives one secret for all salts of a credential',
    ({ credential, length, protocol }, verified) => `${credential} ${length} ${protocol} ${verified}`,
    before,
  ),
  rememberingFault(
    'hmac-secret-one-for-all-credentials',
    'gives one secret for a salt whatever the credential',
    ({ salts }, verified) => `${salts} ${verified}`,
    before,
  ),
  rememberingFault(
    'hmac-secret-same-without-verification',
    'gives the same secret whether the user is verified or not',
    ({ credential, salts }) => `${credential} ${salts}`,
    before,
  ),
  outputFault(
    'hmac-secret-other-by-protocol-1',
    'gives another secret by protocol 1 than by protocol 2',
    ({ protocol }) => protocol === 1,
    spoiled,
  ),
  outputFault(
    'hmac-secret-spoils-second-salt',
    'gives a wrong secret for the second of two salts',
    ({ length }) => length === 2 * SALT,
    spoiled,
  ),
  authDataFault({
    id: 'hmac-secret-for-all',
    summary: 'gives secrets of credentials that were made without hmac-secret',
    commands,
    when: (request) => asked(request) !== undefined,
    change: (data) =>
      data.extensions?.has(HMAC_SECRET)
        ? data
        : { ...data, extensions: new Map(data.extensions).set(HMAC_SECRET, new Uint8Array(SALT)) },
  }),
  takes('hmac-secret-takes-wrong-salt-auth', 'takes salts of hmac-secret that nothing authenticates', ({ input }) => {
    const saltAuth = input.get(0x03);
    return saltAuth instanceof Uint8Array && saltAuth.every((byte) => byte === 0);
  }),
  takes(
    'hmac-secret-takes-no-key-agreement',
    'takes an input of hmac-secret without keyAgreement',
    ({ input }) => !input.has(0x01),
  ),
  takes('hmac-secret-takes-no-salt', 'takes an input of hmac-secret without saltEnc', ({ input }) => !input.has(0x02)),
  ...[16, 48, 96].map((bytes) =>
    takes(`hmac-secret-takes-${bytes}-bytes`, `takes salts of ${bytes} bytes`, ({ length }) => length === bytes),
  ),
  acceptsFault({
    id: 'hmac-secret-without-presence',
    summary: 'gives secrets of hmac-secret without presence',
    commands,
    when: (request) => asked(request) !== undefined && valuesAt(request.parameters, [0x05, 'up']).includes(false),
  }),
  authDataFault({
    id: 'hmac-secret-mc-other-than-later',
    summary: 'gives another secret at makeCredential than at getAssertion',
    commands: [Command.authenticatorMakeCredential],
    when: (request) => extensionInputs(request)?.has(HMAC_SECRET_MC) === true,
    change: (data) => ({ ...data, extensions: withSecret(data.extensions, spoiled, HMAC_SECRET_MC) }),
  }),
];
