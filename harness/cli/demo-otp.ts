/** The second half of `ctaplab demo`: signing in by one-time passwords, typed by the key and shown by a token. */

import { findHotp } from '../../ctap/otp/hotp.ts';
import { findKeyboardLayout, readWithLayout } from '../../ctap/otp/keyboard-layouts.ts';
import { findTotp } from '../../ctap/otp/totp.ts';
import { findProgrammableToken } from '../../ctap/token2/models.ts';
import { DisabledInterface } from '../../ctap/token2/otp-applet.ts';
import type { LabKey } from '../../emulator/lab/lab-key.ts';
import type { Token2OtpClient } from '../client/token2.ts';
import { findDevice } from './devices.ts';

/** Tells each step as it ends. */
export interface Teller {
  step<T>(step: string, work: () => Promise<readonly [T, string]>): Promise<T>;
}

const SECRET_SIZE = 20;
/** As Duo and its peers look ahead. */
const LOOK_AHEAD = 20;

/** What a relying party keeps of a hardware token, and takes each password of it once. */
class Verifier {
  readonly #secret: Uint8Array;
  #nextCounter = 0n;
  #lastStep = -1n;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** The counter of an HOTP that is good; undefined refuses. */
  hotp(code: string): bigint | undefined {
    const counter = findHotp(this.#secret, code, this.#nextCounter, { lookAhead: LOOK_AHEAD });
    if (counter !== undefined) this.#nextCounter = counter + 1n;
    return counter;
  }

  /** The step of a TOTP that is good; undefined refuses. */
  totp(code: string): bigint | undefined {
    const step = findTotp(this.#secret, code, Date.now() / 1000);
    if (step === undefined || step <= this.#lastStep) return undefined;
    this.#lastStep = step;
    return step;
  }
}

/** Signs in by a typed HOTP, where the model types, and by the TOTP of a programmable token. */
export async function tellOtp(teller: Teller, key: LabKey): Promise<void> {
  if (key.key.model.applets.includes('token2-otp')) await tellTyped(teller, key);
  await tellShown(teller);
}

async function tellTyped(teller: Teller, key: LabKey): Promise<void> {
  const secret = freshSecret();
  const verifier = new Verifier(secret);
  await teller.step('program an HOTP on the key', async () => {
    const keyboard = await withClient(key, async (client) => {
      await client.writeButtonSeed({ digits: 6, seed: secret });
      const { disabledInterfaces } = await client.deviceInfo();
      await client.setDisabledInterfaces(disabledInterfaces & ~DisabledInterface.KEYBOARD);
      return (disabledInterfaces & DisabledInterface.KEYBOARD) === 0;
    });
    if (keyboard) return [undefined, '6 digits, sealed on its way'] as const;
    await key.remove();
    await key.insert();
    return [undefined, '6 digits; keyboard switched on, key plugged in again'] as const;
  });
  const code = await teller.step('a touch of the idle key types it', async () => {
    const strokes = await key.key.touch();
    if (strokes === undefined) throw new Error('expected the key to type, it did not');
    const typed = readWithLayout(strokes, findKeyboardLayout('us'));
    return [typed.trimEnd(), `${typed.trimEnd()} and Enter`] as const;
  });
  await teller.step(
    'the verifier takes the HOTP',
    async () => [null, accepted('counter', verifier.hotp(code))] as const,
  );
  await teller.step('the same HOTP is refused', async () => [null, refused(verifier.hotp(code))] as const);
}

async function tellShown(teller: Teller): Promise<void> {
  const secret = freshSecret();
  const verifier = new Verifier(secret);
  const token = await teller.step('provision a programmable token', async () => {
    const opened = await openToken();
    const { client, token } = opened;
    await client.writeSettings({ time: Date.now() / 1000 });
    await client.writeSeed(secret);
    return [token, `${token.model.name}, serial ${token.serial}`] as const;
  });
  const code = await teller.step('the token shows a TOTP', async () => {
    const shown = token.code();
    if (shown === undefined) throw new Error('expected the token to show a code, it has no seed');
    return [shown, shown] as const;
  });
  await teller.step(
    'the verifier takes the TOTP',
    async () => [null, accepted('time step', verifier.totp(code))] as const,
  );
  await teller.step('the same TOTP is refused', async () => [null, refused(verifier.totp(code))] as const);
}

function accepted(what: string, found: bigint | undefined): string {
  if (found === undefined) throw new Error('expected the verifier to take the code, it refused');
  return `${what} ${found}`;
}

function refused(found: bigint | undefined): string {
  if (found !== undefined) throw new Error('expected the verifier to refuse a code that it has seen, it took it');
  return 'used up';
}

function freshSecret(): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(SECRET_SIZE));
}

async function withClient<T>(key: LabKey, work: (client: Token2OtpClient) => Promise<T>): Promise<T> {
  const [{ Token2OtpClient }, { Token2HidCard }, way] = await Promise.all([
    import('../client/token2.ts'),
    import('../client/token2-hid.ts'),
    findDevice(key.devices[0]),
  ]);
  const card = way.kind === 'card' ? await way.connect() : new Token2HidCard(await way.connect());
  try {
    return await work(await Token2OtpClient.open(card, { selects: way.kind === 'card' }));
  } finally {
    await card.close();
  }
}

async function openToken() {
  const [{ ProgrammableToken }, { ProgrammableTokenClient }, { connectCardInProcess }, { nodeSm4 }, parts] =
    await Promise.all([
      import('../../emulator/programmable-token.ts'),
      import('../client/programmable-token.ts'),
      import('../transports/in-process.ts'),
      import('../../emulator/sm4-node.ts'),
      Promise.all([
        import('../../emulator/clock.ts'),
        import('../../emulator/random.ts'),
        import('../../emulator/store/memory.ts'),
      ]),
    ]);
  const [{ systemClock }, { systemRandom }, { memoryStore }] = parts;
  const sm4 = nodeSm4();
  const environment = { clock: systemClock, random: systemRandom, store: memoryStore() };
  const token = await ProgrammableToken.open({ environment, sm4, model: findProgrammableToken('c302-i') });
  return { token, client: await ProgrammableTokenClient.open(connectCardInProcess(token), { sm4 }) };
}
