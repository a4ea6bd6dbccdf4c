/** The pinUvAuthToken and its timers: CTAP 2.3 §6.5.2.1. The key has one token in use at a time. */
import { Permission, type PinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import type { Environment } from '../environment.ts';
import type { CarryingTransport } from '../exchange.ts';

/** Initial usage time limit and user present time limit by transport, in milliseconds: the default maximum values. */
const TIME_LIMITS: Readonly<Record<CarryingTransport, number>> = { usb: 30_000, nfc: 19_800 };
export const MAX_USAGE_TIME_PERIOD = 600_000;

const TOKEN_LENGTH = 32;

/** How a token came to be. */
export interface TokenOrigin {
  /** True: its issuing was a touch too, which the first operation need not ask for again. */
  readonly userPresent: boolean;
  /** True where a finger gave it, false where a PIN did. */
  readonly byUv: boolean;
  /** True for a token of the superseded getPinToken, which FIDO_2_1_PRE knows no permissions of. */
  readonly withoutPermissions: boolean;
  /** What carried the request for it. Default: usb. */
  readonly transport?: CarryingTransport | undefined;
}

interface TokenInUse {
  readonly protocol: number;
  readonly token: Uint8Array;
  readonly since: number;
  /** Initial usage time limit and user present time limit. */
  readonly timeLimit: number;
  readonly origin: TokenOrigin;
  permissions: number;
  rpId: string | undefined;
  used: boolean;
  userPresent: boolean;
  userVerified: boolean;
}

export class TokenState {
  readonly #environment: Environment;
  #inUse: TokenInUse | undefined;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Draws a fresh token and begins using it; every earlier one is void. */
  begin(protocol: number, permissions: number, rpId: string | undefined, origin: TokenOrigin): Uint8Array {
    const { clock, random } = this.#environment;
    const token = random.bytes(TOKEN_LENGTH);
    this.#inUse = {
      protocol,
      token,
      since: clock.now(),
      timeLimit: TIME_LIMITS[origin.transport ?? 'usb'],
      origin,
      permissions,
      rpId,
      used: false,
      userPresent: origin.userPresent,
      userVerified: true,
    };
    return token;
  }

  /** stopUsingPinUvAuthToken, and what resetPinUvAuthToken does to one that nobody has. */
  stop(): void {
    this.#inUse = undefined;
  }

  /** True where `parameter` was made of `message` with the token in use, whose timers are then told. */
  verify(protocol: PinUvAuthProtocol, message: Uint8Array, parameter: Uint8Array): boolean {
    const token = this.#observed();
    if (!token || token.protocol !== protocol.version || !protocol.verify(token.token, message, parameter))
      return false;
    token.used = true;
    return true;
  }

  /** Names the token in use: another object for each, undefined where there is none. */
  get inUse(): object | undefined {
    return this.#observed();
  }

  /** The bytes of the token in use, for faults that hold on to it; undefined where there is none. */
  get value(): Uint8Array | undefined {
    return this.#observed()?.token;
  }

  has(permission: number): boolean {
    return ((this.#observed()?.permissions ?? 0) & permission) !== 0;
  }

  /** True where a finger, not a PIN, gave the token in use. */
  get byUv(): boolean {
    return this.#observed()?.origin.byUv ?? false;
  }

  /** True where the token in use is one of getPinToken. */
  get isWithoutPermissions(): boolean {
    return this.#observed()?.origin.withoutPermissions ?? false;
  }

  /** The RP ID that the token is bound to, if any yet. */
  get rpId(): string | undefined {
    return this.#observed()?.rpId;
  }

  /** Binds a token without an RP ID to the first one it is used for. */
  bind(rpId: string): void {
    const token = this.#observed();
    if (token && token.rpId === undefined) token.rpId = rpId;
  }

  get userPresent(): boolean {
    const token = this.#observed();
    if (!token) return false;
    return token.userPresent && this.#environment.clock.now() - token.since < token.timeLimit;
  }

  get userVerified(): boolean {
    return this.#observed()?.userVerified ?? false;
  }

  /** After an operation with user presence: the token has been spent for everything but large blobs. */
  spend(): void {
    const token = this.#observed();
    if (!token) return;
    token.userPresent = false;
    token.userVerified = false;
    token.permissions &= Permission.largeBlobWrite; // it outlives the operation that ends all others
  }

  /** pinUvAuthTokenUsageTimerObserver, asked when it matters instead of run by a timer. */
  #observed(): TokenInUse | undefined {
    const token = this.#inUse;
    if (!token) return undefined;
    const age = this.#environment.clock.now() - token.since;
    if (age >= MAX_USAGE_TIME_PERIOD || (!token.used && age >= token.timeLimit)) this.#inUse = undefined;
    return this.#inUse;
  }
}
