/** What is said to Token2's OTP applet over HID, in frames of its own beside CTAPHID. */

import type { CommandApdu } from '../iso7816/apdu.ts';
import { decodeCommand, decodeResponse } from '../iso7816/apdu.ts';
import { CarrierAssembler, type CarrierStep } from '../token2/hid-carrier.ts';
import type { TraceEntry } from './entry.ts';
import { explainApdu, explainApduAnswer } from './explain-apdu.ts';
import type { Passed, Scribe, Transaction } from './scribe.ts';
import type { ReportTraffic } from './traffic.ts';

const APPLET = 'token2-otp';
const HEADER = 3;

/** A message that is not whole yet. */
interface Begun {
  readonly at: number;
  readonly packets: number;
}

export class CarrierConversation {
  readonly #scribe: Scribe;
  readonly #plug: number;
  readonly #assemblers = { in: new CarrierAssembler(), out: new CarrierAssembler() };
  readonly #begun: { in?: Begun | undefined; out?: Begun | undefined } = {};
  #current: (Transaction & { readonly command: CommandApdu | undefined }) | undefined;

  constructor(scribe: Scribe, plug: number) {
    this.#scribe = scribe;
    this.#plug = plug;
  }

  accept({ at, direction, report }: ReportTraffic): TraceEntry[] {
    const begun = this.#begun[direction];
    const { at: first, packets } = { at: begun?.at ?? at, packets: (begun?.packets ?? 0) + 1 };
    const passed = { at: first, plug: this.#plug, direction, carrier: 'token2', packets } as const;
    let step: CarrierStep;
    try {
      step = this.#assemblers[direction].accept(report);
    } catch (error) {
      this.#begun[direction] = undefined;
      const fragment = { ...passed, message: report };
      return [this.#scribe.fragment(fragment, APPLET, 'frame', (error as Error).message, HEADER)];
    }
    if (step.kind === 'busy') {
      if (this.#current !== undefined) this.#current.keepalives.processing++;
      return [];
    }
    this.#begun[direction] = step.kind === 'more' ? { at: first, packets } : undefined;
    if (step.kind === 'more') return [];
    const whole = { ...passed, message: step.message };
    return [direction === 'in' ? this.#command(whole) : this.#answer(whole, at)];
  }

  #command(passed: Passed): TraceEntry {
    const begun = this.#scribe.begin(passed.at);
    const secrets = this.#scribe.secrets();
    try {
      const command = decodeCommand(passed.message);
      const { protocol, explained } = explainApdu(command, APPLET, secrets);
      this.#current = { ...begun, command };
      return this.#scribe.write(passed, { type: 'command', protocol, explained, secrets, transaction: this.#current });
    } catch (error) {
      this.#current = { ...begun, command: undefined };
      const explained = { name: 'command APDU', problems: [(error as Error).message], opaqueFrom: 4 };
      const said = { type: 'command', protocol: APPLET, explained, secrets, transaction: this.#current } as const;
      return this.#scribe.write(passed, said);
    }
  }

  #answer(passed: Passed, end: number): TraceEntry {
    const transaction = this.#current;
    this.#current = undefined;
    const secrets = this.#scribe.secrets();
    try {
      const response = decodeResponse(passed.message);
      const { protocol, explained } = explainApduAnswer(transaction?.command, APPLET, response, secrets);
      return this.#scribe.write(passed, { type: 'answer', protocol, explained, secrets, transaction, end });
    } catch (error) {
      const explained = { name: 'response APDU', failed: true, problems: [(error as Error).message], opaqueFrom: 0 };
      return this.#scribe.write(passed, { type: 'answer', protocol: APPLET, explained, secrets, transaction, end });
    }
  }
}
