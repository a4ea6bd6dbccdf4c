/** What the checks of Token2's OTP applet share. */
import type { Check, Needs } from '../check.ts';
import type { Subject } from '../subject.ts';

/** Over HID and in a reader. */
export const TOKEN2: Needs = { token2: true, ctap2: false };
export const TOKEN2_CARD: Needs = { ...TOKEN2, carrier: 'card' };
export const TOKEN2_HID: Needs = { ...TOKEN2, carrier: 'hid' };

interface Rest {
  readonly needs?: Needs;
  readonly severity?: 'warning';
}

/** A check of `token2.NAME`; `of`: the part of what is public of the applet that says so. */
export function check(
  name: string,
  of: string,
  statement: string,
  fault: string,
  run: (key: Subject) => Promise<void>,
  rest: Rest = {},
): Check {
  const section = of.startsWith('RFC') || of.startsWith('ISO') ? of : `Token2 OTP applet §${of}`;
  return { id: `token2.${name}`, section, statement, needs: TOKEN2, ...rest, faults: [`token2-${fault}`], run };
}
