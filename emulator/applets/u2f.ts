/** The U2F applet: FIDO U2F Raw Message Formats 1.2, as CTAP 2.3 §7 wants a key of both protocols to answer. */
import { u2fAttestationBytes } from '../../ctap/attestation.ts';
import { utf8 } from '../../ctap/bytes.ts';
import { Algorithm } from '../../ctap/crypto.ts';
import {
  decodeU2fAuthenticateRequest,
  decodeU2fCommand,
  decodeU2fRegisterRequest,
  encodeU2fAuthenticateResponse,
  encodeU2fRegisterResponse,
  StatusWord,
  type U2fCommand,
  U2fControl,
  U2fError,
  U2fInstruction,
  u2fAuthenticationBytes,
} from '../../ctap/u2f/raw-messages.ts';
import type { Authenticator } from '../authenticator/authenticator.ts';
import { performBuiltInUv } from '../authenticator/built-in-uv.ts';
import { firstSignCount, portableMembers, serverSideCredential } from '../authenticator/new-credential.ts';
import type { Abortable, PresenceAnswer, PresenceRequest, Timer } from '../environment.ts';
import { type Exchange, KeepaliveStatus } from '../exchange.ts';

/** Milliseconds without a poll after which the key stops asking for its touch. */
const ABANDONED_AFTER = 3_000;
/** Milliseconds that a touch stays good for the request that asked for it. */
const TOUCH_VALID_FOR = 10_000;

export class U2fApplet {
  readonly #authenticator: Authenticator;
  #asking: { readonly abort: AbortController; readonly kind: string; abandon: Timer } | undefined;
  #touched: { readonly kind: string; readonly at: number } | undefined;

  constructor(authenticator: Authenticator) {
    this.#authenticator = authenticator;
  }

  /** Answers one request APDU with its data. @throws U2fError with the status word to answer */
  async handle(apdu: Uint8Array, exchange: Exchange): Promise<Uint8Array> {
    const command = decodeU2fCommand(apdu);
    if (command.cla !== 0)
      throw new U2fError(StatusWord.CLA_NOT_SUPPORTED, `expected CLA 00, got ${command.cla.toString(16)}`);
    const { ins } = command;
    if ((ins === U2fInstruction.REGISTER || ins === U2fInstruction.AUTHENTICATE) && !this.#authenticator.isU2fAllowed) {
      throw new U2fError(StatusWord.COMMAND_NOT_ALLOWED, 'this key always verifies the user, which U2F cannot');
    }
    switch (ins) {
      case U2fInstruction.REGISTER:
        return this.#register(command, exchange);
      case U2fInstruction.AUTHENTICATE:
        return this.#authenticate(command, exchange);
      case U2fInstruction.VERSION:
        if (command.data.length > 0) throw new U2fError(StatusWord.WRONG_LENGTH, 'U2F_VERSION has no data');
        return utf8('U2F_V2');
      default:
        throw new U2fError(StatusWord.INS_NOT_SUPPORTED, `there is no instruction ${command.ins}`);
    }
  }

  /** Unplugging forgets a touch and stops asking for one. */
  powerCycle(): void {
    this.#touched = undefined;
    this.#stopAsking();
  }

  async #register({ data }: U2fCommand, exchange: Exchange): Promise<Uint8Array> {
    const { challenge, application } = decodeU2fRegisterRequest(data);
    await this.#needTouch({ operation: 'u2fRegister' }, exchange);
    const { environment, attestation } = this.#authenticator;
    const { crypto, random } = environment;
    const { privateKey, publicKey } = await crypto.generateKeyPair(Algorithm.ES256, (length) => random.bytes(length));
    const core = {
      alg: Algorithm.ES256,
      privateKey,
      credProtect: 1,
      hmacSecret: false,
      ...portableMembers(this.#authenticator),
    };
    const credential = serverSideCredential(this.#authenticator, core, application);
    const { changes } = firstSignCount(this.#authenticator, credential);
    const keyHandle = credential.id;
    const signed = u2fAttestationBytes(application, challenge, keyHandle, publicKey);
    const { signer, x5c } = attestation.batch;
    const signature = signer.sign(signed);
    await environment.store.commit([...changes, ...credential.changes]);
    return encodeU2fRegisterResponse({ publicKey, keyHandle, certificate: x5c[0]!, signature });
  }

  async #authenticate({ p1, data }: U2fCommand, exchange: Exchange): Promise<Uint8Array> {
    const { challenge, application, keyHandle } = decodeU2fAuthenticateRequest(data);
    const { credentials, environment } = this.#authenticator;
    const credential = credentials.find(keyHandle, application);
    // CTAP 2.3 §12.1: a credential that requires user verification is invisible to U2F, which has none
    if (!credential || credential.credProtect === 3 || credential.alg !== Algorithm.ES256) {
      throw new U2fError(StatusWord.WRONG_DATA, 'the key handle is not of this key and application');
    }
    if (p1 === U2fControl.CHECK_ONLY) {
      throw new U2fError(StatusWord.CONDITIONS_NOT_SATISFIED, 'the key handle is good; a touch would sign');
    }
    const enforce = p1 === U2fControl.ENFORCE_USER_PRESENCE_AND_SIGN;
    if (!enforce && p1 !== U2fControl.DONT_ENFORCE_USER_PRESENCE_AND_SIGN) {
      throw new U2fError(StatusWord.WRONG_DATA, `U2F_AUTHENTICATE has no control byte ${p1}`);
    }
    if (enforce) await this.#needTouch({ operation: 'u2fAuthenticate' }, exchange);
    const { signCount, change } = this.#authenticator.nextSignCount(credential);
    const userPresence = enforce ? 1 : 0;
    const signed = u2fAuthenticationBytes(application, userPresence, signCount, challenge);
    const signature = credentials.signer(credential).sign(signed);
    await environment.store.commit([change]);
    return encodeU2fAuthenticateResponse({ userPresence, counter: signCount, signature });
  }

  /**
   * U2F has no waiting: the host polls, and 6985 tells it to go on. The first poll asks for the touch, the polls
   * that follow keep the question open, and the one after the touch uses it up.
   */
  async #needTouch(request: PresenceRequest, exchange: Exchange): Promise<void> {
    const { clock } = this.#authenticator.environment;
    const kind = request.operation;
    if (!this.#asking || this.#asking.kind !== kind) {
      this.#stopAsking();
      if (this.#useTouch(kind)) return;
      const abort = new AbortController();
      const answer = this.#ask(request, abort);
      if (typeof answer === 'string') {
        if (answer === 'touched') return;
        throw new U2fError(StatusWord.CONDITIONS_NOT_SATISFIED, 'the user declined');
      }
      const asking = { abort, kind, abandon: this.#abandonLater() };
      this.#asking = asking;
      answer.then(
        (settled) => {
          if (this.#asking !== asking) return;
          asking.abandon.cancel();
          this.#asking = undefined;
          if (settled === 'touched') this.#touched = { kind, at: clock.now() };
        },
        (reason) => {
          if (!abort.signal.aborted) throw reason;
        },
      );
    } else {
      this.#asking.abandon.cancel();
      this.#asking.abandon = this.#abandonLater();
    }
    exchange.keepalive(KeepaliveStatus.UPNEEDED);
    await Promise.resolve(); // a touch that is already decided counts for this very poll
    if (!this.#useTouch(kind)) throw new U2fError(StatusWord.CONDITIONS_NOT_SATISFIED, 'waiting for a touch');
  }

  /** A touch, or while alwaysUv is on a finger that fits (CTAP 2.3 §7.2.4). */
  #ask(request: PresenceRequest, abort: Abortable): Promise<PresenceAnswer> | PresenceAnswer {
    const { config, environment } = this.#authenticator;
    if (!config.now.alwaysUv) return environment.presence.request(request, abort);
    const exchange: Exchange = { signal: abort.signal, keepalive: () => {} }; // the polls say that a touch is needed
    return performBuiltInUv(this.#authenticator, true, {}, exchange).then((outcome) => {
      if (outcome === 'verified') return 'touched';
      return outcome === 'timeout' ? 'timeout' : 'denied';
    });
  }

  #useTouch(kind: string): boolean {
    const touched = this.#touched;
    this.#touched = undefined;
    return touched?.kind === kind && this.#authenticator.environment.clock.now() - touched.at < TOUCH_VALID_FOR;
  }

  #abandonLater(): Timer {
    return this.#authenticator.environment.clock.after(ABANDONED_AFTER, () => this.#stopAsking());
  }

  #stopAsking(): void {
    const asking = this.#asking;
    this.#asking = undefined;
    asking?.abandon.cancel();
    asking?.abort.abort(new DOMException('nobody polls for this touch any more', 'AbortError'));
  }
}
