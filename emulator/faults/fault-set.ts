/** The faults of one key that are on right now. */
import type { AuthenticatorData } from '../../ctap/authenticator-data.ts';
import type { Authenticator } from '../authenticator/authenticator.ts';
import type { Clock, Environment, UserPresence } from '../environment.ts';
import type { CardResetCause, Fault, FaultContext, FaultHooks } from './fault.ts';

interface ActiveFault {
  readonly fault: Fault;
  readonly hooks: FaultHooks;
}

type Answering = (request: Uint8Array) => Promise<Uint8Array>;

export class FaultSet {
  /** The clock that the authenticator sees. */
  readonly clock: Clock;
  /** The user whom the authenticator asks. */
  readonly presence: UserPresence;
  readonly #context: FaultContext;
  #active: readonly ActiveFault[] = [];
  #authenticator: Authenticator | undefined;

  constructor({ clock, random, crypto, presence }: Pick<Environment, 'clock' | 'random' | 'crypto' | 'presence'>) {
    this.presence = {
      request: (request, abort) =>
        this.#active.some(({ hooks }) => hooks.present?.(request)) ? 'touched' : presence.request(request, abort),
    };
    let shift = 0;
    this.clock = { now: () => clock.now() + shift, after: (milliseconds, action) => clock.after(milliseconds, action) };
    const shiftClock = (milliseconds: number) => {
      shift = milliseconds;
    };
    const authenticator = () => {
      if (this.#authenticator === undefined) throw new Error('a fault was turned on before there was a key');
      return this.#authenticator;
    };
    this.#context = {
      clock,
      random,
      crypto,
      shiftClock,
      get authenticator() {
        return authenticator();
      },
    };
  }

  /** Tells the faults whose they are. */
  belongTo(authenticator: Authenticator): void {
    this.#authenticator = authenticator;
  }

  /** Ids of the faults that are on, the first one first. */
  get active(): readonly string[] {
    return this.#active.map(({ fault }) => fault.id);
  }

  /** True where the key behaves. */
  get none(): boolean {
    return this.#active.length === 0;
  }

  /** Turns a fault on; one that is on stays as it is. Rejects with a RangeError for an id that is none. */
  async turnOn(id: string): Promise<void> {
    const { findFault } = await import('./index.ts'); // hundreds of them, and few keys have one
    const fault = findFault(id);
    if (this.active.includes(id)) return;
    this.#active = [...this.#active, { fault, hooks: fault.install(this.#context) }];
  }

  /** Turns a fault off; false where it was not on. */
  turnOff(id: string): boolean {
    const kept = this.#active.filter(({ fault }) => fault.id !== id);
    const changed = kept.length !== this.#active.length;
    this.#active = kept;
    if (kept.length === 0) this.#context.shiftClock(0);
    return changed;
  }

  /** Answers a CTAP2 request through the faults that know its command. */
  cbor(request: Uint8Array, key: Answering): Promise<Uint8Array> {
    return this.#concerning(request[0]).reduce<Answering>((next, { hooks }) => through(hooks.cbor, next), key)(request);
  }

  msg(request: Uint8Array, key: Answering): Promise<Uint8Array> {
    return this.#active.reduce<Answering>((next, { hooks }) => through(hooks.msg, next), key)(request);
  }

  apdu(command: Uint8Array, key: Answering): Promise<Uint8Array> {
    return this.#active.reduce<Answering>((next, { hooks }) => through(hooks.apdu, next), key)(command);
  }

  cardReset(by: CardResetCause): void {
    for (const { hooks } of this.#active) hooks.cardReset?.(by);
  }

  authData(data: AuthenticatorData, command: number): AuthenticatorData {
    return this.#concerning(command).reduce(
      (changed, { hooks }) => hooks.authData?.(changed, command) ?? changed,
      data,
    );
  }

  received(report: Uint8Array, key: (report: Uint8Array) => void): void {
    this.#pass('received', report, key);
  }

  sent(report: Uint8Array, host: (report: Uint8Array) => void): void {
    this.#pass('sent', report, host);
  }

  #pass(way: 'received' | 'sent', report: Uint8Array, end: (report: Uint8Array) => void): void {
    const chain = this.#active.reduce((next, { hooks }) => {
      const hook = hooks[way];
      return hook === undefined ? next : (passed: Uint8Array) => hook(passed, next);
    }, end);
    chain(report);
  }

  #concerning(command: number | undefined): readonly ActiveFault[] {
    return this.#active.filter(({ fault }) => command !== undefined && fault.commands?.includes(command));
  }
}

function through(
  hook: ((request: Uint8Array, next: Answering) => Promise<Uint8Array>) | undefined,
  next: Answering,
): Answering {
  return hook === undefined ? next : (request) => hook(request, next);
}
