/** The seed that a touch of a Token2 key types codes of, where nobody has put one: it is written, and taken away again. */
import { concat } from '../../../ctap/bytes.ts';
import { encodeButtonSeed, OtpCommand } from '../../../ctap/token2/otp-applet.ts';
import { BUTTON_SEED_IV } from '../../../ctap/token2/sealing.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expectEqual } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import { accepted, expectRefusal, OtpApplet, RFC_SEED } from '../otp-applet.ts';
import type { Subject } from '../subject.ts';
import { check } from './token2-steps.ts';

const OF = 'write HOTP-on-button seed';
const SEED = encodeButtonSeed({ digits: 6, seed: RFC_SEED });
const NO_SEED = encodeButtonSeed(undefined);
const LONG_SEED = concat(Uint8Array.of(6, 65), new Uint8Array(65).fill(0x31));

interface Slot {
  readonly otp: OtpApplet;
  write(plain: Uint8Array): ReturnType<OtpApplet['sealed']>;
  hasSeed(): Promise<boolean>;
}

/** An act on a slot that is empty before and after. @throws NotApplicable where its owner has a seed in it */
async function withSlot(key: Subject, act: (slot: Slot) => Promise<void>): Promise<void> {
  const otp = await OtpApplet.open(key);
  const { buttonSeedPresent, buttonHotpNotSupported } = await otp.details();
  if (buttonHotpNotSupported) throw new NotApplicable('the key does not type passwords');
  if (buttonSeedPresent) throw new NotApplicable('its owner has a seed in the slot');
  const write = (plain: Uint8Array) => otp.sealed(OtpCommand.writeButtonSeed, BUTTON_SEED_IV, plain);
  try {
    await act({ otp, write, hasSeed: async () => (await otp.details()).buttonSeedPresent });
  } finally {
    await write(NO_SEED).catch(() => undefined); // a key that is gone has been told of already
  }
}

function refusal(name: string, what: string, fault: string, plain: Uint8Array): Check {
  return check(name, OF, `${what} is refused.`, fault, (key) =>
    withSlot(key, async ({ write }) => expectRefusal(await write(plain))),
  );
}

export const token2ButtonChecks: CheckGroup = {
  name: 'Token2 HOTP on the button',
  checks: [
    check('button.write', OF, 'A seed for the button is told of by the device info.', 'hides-button-seed', (key) =>
      withSlot(key, async ({ write, hasSeed }) => {
        accepted(await write(SEED));
        expectEqual(await hasSeed(), true, 'buttonSeedPresent');
      }),
    ),
    check('button.delete', OF, 'Two zero bytes take the seed of the button away.', 'keeps-button-seed', (key) =>
      withSlot(key, async ({ write, hasSeed }) => {
        accepted(await write(SEED));
        accepted(await write(NO_SEED));
        expectEqual(await hasSeed(), false, 'buttonSeedPresent');
      }),
    ),
    refusal('button.digits', 'A seed for codes of 7 digits', 'takes-button-seed-of-seven-digits', SEED.with(0, 7)),
    refusal('button.seed.long', 'A seed of 65 bytes for the button', 'takes-long-button-seed', LONG_SEED),
    refusal('button.seed.cut', 'A seed for the button that ends early', 'takes-cut-button-seed', SEED.subarray(0, -3)),
  ],
};
