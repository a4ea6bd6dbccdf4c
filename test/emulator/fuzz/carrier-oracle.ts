/** What a strict host thinks of Token2's carrier, whose reports come between those of CTAPHID. */
import { expect } from 'vitest';
import { equalBytes, toHex } from '../../../ctap/bytes.ts';
import { CarrierAssembler, encodeBusyFrame, isCarrierReport } from '../../../ctap/token2/hid-carrier.ts';

/** Other reports that begin as it does are CTAPHID's errors, about channels of garbage. */
const BUSY = encodeBusyFrame();

export class CarrierOracle {
  readonly #assembler = new CarrierAssembler();
  /** True from a frame of the host to the answer that it may bring. */
  #owed = false;

  /** Takes note of a report of the host. */
  packet(report: Uint8Array): void {
    if (isCarrierReport(report)) this.#owed = true;
  }

  /** Checks the carrier's reports among those of the key, and gives back the others. */
  hear(reports: readonly Uint8Array[]): Uint8Array[] {
    const others: Uint8Array[] = [];
    for (const report of reports) {
      if (isCarrierReport(report) || equalBytes(report, BUSY)) this.#hear(report);
      else others.push(report);
    }
    return others;
  }

  #hear(report: Uint8Array): void {
    if (report.length !== 64) expect.fail(`expected a report of 64 bytes, got ${report.length}`);
    if (!this.#owed) expect.fail(`expected nothing of the carrier, got ${toHex(report)}`);
    const step = this.#assembler.accept(report);
    if (step.kind !== 'whole') return;
    if (step.message.length < 2) expect.fail(`expected a status word, got ${toHex(step.message)}`);
    this.#owed = false;
  }
}
