/** How fast a key is: medians of a few tries, without the time that its user takes. */

import { decodeAuthenticatorData } from '../../ctap/authenticator-data.ts';
import { decodeCbor } from '../../ctap/cbor.ts';
import { getAssertionRequest } from '../../ctap/commands/get-assertion.ts';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { Command } from '../../ctap/commands/index.ts';
import {
  type MakeCredentialResponse,
  makeCredentialRequest,
  makeCredentialResponse,
} from '../../ctap/commands/make-credential.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Timing } from './probe-result.ts';
import type { ProbedKey } from './probed-key.ts';
import { CLIENT_DATA_HASH, messageOf, NEW_CREDENTIAL, RP_ID } from './questions.ts';

/** The keepalive status of a key that waits for its user (CTAP 2.3 §11.2.9.1.7). */
const UPNEEDED = 2;
const TRIES = 20;

export interface TimingOptions {
  readonly pin: string | undefined;
  /** How often the user touches for it. */
  readonly touches: number;
  /** Told when the key begins to wait for a touch. */
  readonly onTouch: () => void;
}

export interface MeasuredKey {
  readonly timings: readonly Timing[];
  /** One of the credentials that were made, for what it tells of the key. */
  readonly credential?: MakeCredentialResponse | undefined;
}

/** One exchange: the time of the key's own work, and what it sent meanwhile. */
interface Exchange {
  readonly answer: Uint8Array;
  readonly milliseconds: number;
  /** Between two keepalives, each. */
  readonly intervals: readonly number[];
}

export async function measure(
  key: ProbedKey,
  info: GetInfoResponse | undefined,
  options: TimingOptions,
): Promise<MeasuredKey> {
  const timings: Timing[] = [];
  if (key.carrier === 'hid') {
    for (const size of [1, 1024])
      timings.push(
        await repeated(size === 1 ? 'PING of one byte' : `PING of ${size} bytes`, () =>
          timed(() => key.device.ping(new Uint8Array(size))),
        ),
      );
  }
  if (info === undefined) return { timings };
  const getInfo = Uint8Array.of(Command.authenticatorGetInfo);
  timings.push(await repeated('getInfo', () => timed(() => key.device.cbor(getInfo))));
  try {
    const made = await makeCredentials(key, info, options);
    timings.push(
      summary(
        'makeCredential, without the wait for the touch',
        made.map(({ milliseconds }) => milliseconds),
      ),
    );
    timings.push(
      summary(
        'between two keepalives',
        made.flatMap(({ intervals }) => intervals),
      ),
    );
    const [first] = made;
    if (first === undefined) return { timings };
    const credential = makeCredentialResponse.decode(decodeCbor(first.answer), makeCredentialResponse.name);
    timings.push(await timeAssertions(key, credential));
    return { timings, credential };
  } catch (error) {
    if (!(error instanceof CtapError)) throw error;
    const note = `the key refused: ${error.message}`;
    return { timings: [...timings, { what: 'makeCredential', milliseconds: null, samples: 0, note }] };
  }
}

async function makeCredentials(
  key: ProbedKey,
  info: GetInfoResponse,
  { pin, touches, onTouch }: TimingOptions,
): Promise<Exchange[]> {
  const made: Exchange[] = [];
  for (let touch = 0; touch < touches; touch++) {
    const authorization = info.options?.clientPin === true && pin !== undefined ? await authorize(key, pin) : {};
    const request = makeCredentialRequest.encode({ ...NEW_CREDENTIAL, ...authorization });
    made.push(await exchange(key, messageOf(Command.authenticatorMakeCredential, request), onTouch));
  }
  return made;
}

async function authorize(key: ProbedKey, pin: string) {
  const token = await key.pin.getPinUvAuthToken({ pin, permissions: Permission.makeCredential, rpId: RP_ID });
  return { pinUvAuthParam: token.authenticate(CLIENT_DATA_HASH), pinUvAuthProtocol: token.protocol.version };
}

/** Assertions that ask for no touch: what the key itself takes. */
async function timeAssertions(key: ProbedKey, { authData }: MakeCredentialResponse): Promise<Timing> {
  const what = 'getAssertion without a touch';
  const id = decodeAuthenticatorData(authData).attestedCredentialData?.credentialId;
  if (id === undefined) return { what, milliseconds: null, samples: 0, note: 'the credential has no id' };
  const request = getAssertionRequest.encode({
    rpId: RP_ID,
    clientDataHash: CLIENT_DATA_HASH,
    allowList: [{ type: 'public-key', id }],
    options: { up: false },
  });
  const message = messageOf(Command.authenticatorGetAssertion, request);
  try {
    return await repeated(what, () => timed(() => key.device.cbor(message)));
  } catch (error) {
    if (!(error instanceof CtapError)) throw error;
    return { what, milliseconds: null, samples: 0, note: `the key refused: ${error.message}` };
  }
}

/** The time from the request to the answer, without that in which the key waited for its user. */
async function exchange(key: ProbedKey, message: Uint8Array, onTouch: () => void): Promise<Exchange> {
  const began = performance.now();
  const keepalives: { at: number; status: number }[] = [];
  const answer = await key.device.cbor(message, {
    onKeepalive: (status) => {
      if (status === UPNEEDED && !keepalives.some((before) => before.status === UPNEEDED)) onTouch();
      keepalives.push({ at: performance.now(), status });
    },
  });
  const ended = performance.now();
  const waits = keepalives.filter(({ status }) => status === UPNEEDED);
  const waited = waits.length > 0 ? waits.at(-1)!.at - waits[0]!.at : 0;
  const intervals = keepalives.slice(1).map(({ at }, index) => at - keepalives[index]!.at);
  return { answer, milliseconds: ended - began - waited, intervals };
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await action();
  return performance.now() - began;
}

async function repeated(what: string, measureOnce: () => Promise<number>): Promise<Timing> {
  const samples: number[] = [];
  for (let attempt = 0; attempt < TRIES; attempt++) samples.push(await measureOnce());
  return summary(what, samples);
}

function summary(what: string, samples: readonly number[]): Timing {
  if (samples.length === 0) return { what, milliseconds: null, samples: 0, note: 'not seen' };
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { what, milliseconds: Math.round(median * 100) / 100, samples: samples.length };
}
