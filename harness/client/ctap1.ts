/** U2F (CTAP1, FIDO U2F Raw Message Formats 1.2) from the host's side. */
import { CtapError } from '../../ctap/status.ts';
import {
  decodeU2fAuthenticateResponse,
  decodeU2fRegisterResponse,
  encodeU2fAuthenticateRequest,
  encodeU2fCommand,
  encodeU2fRegisterRequest,
  StatusWord,
  splitU2fResponse,
  type U2fAuthenticateRequest,
  type U2fAuthenticateResponse,
  U2fControl,
  U2fError,
  U2fInstruction,
  type U2fRegisterRequest,
  type U2fRegisterResponse,
  u2fVersion,
} from '../../ctap/u2f/raw-messages.ts';
import type { CtapDevice } from './device.ts';
import { pause } from './pause.ts';
import { ProtocolError } from './protocol-error.ts';

/** Milliseconds between two questions whether the user has touched the key. */
const POLL_INTERVAL = 200;
const DEFAULT_TIMEOUT = 30_000;

export interface TouchOptions {
  /** Aborting rejects with CtapError CTAP2_ERR_KEEPALIVE_CANCEL. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to wait for a touch; then CtapError CTAP2_ERR_USER_ACTION_TIMEOUT. Default 30,000. */
  readonly timeout?: number | undefined;
  /** Called once, when the key first asks for a touch. */
  readonly onTouchNeeded?: (() => void) | undefined;
}

export interface AuthenticateRequest extends U2fAuthenticateRequest {
  /** P1, a value of U2fControl. Default: enforce user presence, and sign. */
  readonly control?: number | undefined;
}

/** Methods reject with a U2fError for any status word but 9000, and with a ProtocolError for a malformed answer. */
export class Ctap1Client {
  readonly device: CtapDevice;

  constructor(device: CtapDevice) {
    this.device = device;
  }

  /** `U2F_V2`. */
  async version(): Promise<string> {
    return readAnswer(u2fVersion, await this.#send(U2fInstruction.VERSION, 0, new Uint8Array(0)));
  }

  async register(request: U2fRegisterRequest, options: TouchOptions = {}): Promise<U2fRegisterResponse> {
    const data = encodeU2fRegisterRequest(request);
    const answer = await touched(options, () => this.#send(U2fInstruction.REGISTER, 0, data));
    return readAnswer(decodeU2fRegisterResponse, answer);
  }

  /** With a control byte that enforces no presence the key answers at once, and nothing is asked again. */
  async authenticate(request: AuthenticateRequest, options: TouchOptions = {}): Promise<U2fAuthenticateResponse> {
    const { control = U2fControl.ENFORCE_USER_PRESENCE_AND_SIGN } = request;
    const data = encodeU2fAuthenticateRequest(request);
    const send = () => this.#send(U2fInstruction.AUTHENTICATE, control, data);
    const waits = control === U2fControl.ENFORCE_USER_PRESENCE_AND_SIGN;
    return readAnswer(decodeU2fAuthenticateResponse, waits ? await touched(options, send) : await send());
  }

  /** True where the key handle is this key's and this application's; asks for no touch (control byte 0x07). */
  async knows({ application, keyHandle }: Omit<U2fAuthenticateRequest, 'challenge'>): Promise<boolean> {
    try {
      await this.authenticate({
        challenge: new Uint8Array(32),
        application,
        keyHandle,
        control: U2fControl.CHECK_ONLY,
      });
    } catch (error) {
      if (!(error instanceof U2fError)) throw error;
      if (error.statusWord === StatusWord.CONDITIONS_NOT_SATISFIED) return true;
      if (error.statusWord === StatusWord.WRONG_DATA) return false;
      throw error;
    }
    throw new ProtocolError('expected status word 6985 or 6a80 to a check of a key handle, got a signature');
  }

  async #send(instruction: number, p1: number, data: Uint8Array): Promise<Uint8Array> {
    const answer = await this.device.msg(encodeU2fCommand(instruction, p1, data));
    const { data: body, statusWord } = readAnswer(splitU2fResponse, answer);
    if (statusWord !== StatusWord.NO_ERROR) throw new U2fError(statusWord, 'the key refused');
    return body;
  }
}

/** U2F has no waiting: 6985 says that the key wants a touch, and the host asks again until there was one. */
async function touched(options: TouchOptions, send: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const { signal, timeout = DEFAULT_TIMEOUT, onTouchNeeded } = options;
  const end = performance.now() + timeout;
  for (let isFirst = true; ; isFirst = false) {
    if (signal?.aborted) throw new CtapError('CTAP2_ERR_KEEPALIVE_CANCEL', 'the host no longer waits for a touch');
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof U2fError) || error.statusWord !== StatusWord.CONDITIONS_NOT_SATISFIED) throw error;
    }
    if (isFirst) onTouchNeeded?.();
    const left = end - performance.now();
    if (left <= 0) throw new CtapError('CTAP2_ERR_USER_ACTION_TIMEOUT', `no touch within ${timeout} ms`);
    await pause(Math.min(POLL_INTERVAL, left), signal);
  }
}

/** Runs a decoder of ctap/, whose TypeErrors mean a malformed answer here. */
function readAnswer<T>(decode: (data: Uint8Array) => T, data: Uint8Array): T {
  try {
    return decode(data);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new ProtocolError(cause.message, { cause });
  }
}
