/** The guide's one-time passwords: an HOTP that the key types, and a programmable TOTP token whose clock has drifted. */
import { findKeyboardLayout, readWithLayout } from '../../../ctap/otp/keyboard-layouts.ts';
import { findProgrammableToken } from '../../../ctap/token2/models.ts';
import { DisabledInterface } from '../../../ctap/token2/otp-applet.ts';
import type { LabKey } from '../../../emulator/lab/lab-key.ts';
import type { Token2OtpClient } from '../../client/token2.ts';
import { findDevice } from '../devices.ts';
import { type Administrator, refused, type User } from './cast.ts';
import type { Story } from './story.ts';

const SECRET_SIZE = 20;
/** More than any service looks ahead. */
const LOST_PRESSES = 25;
/** Quartz is off by this much, and lay in a drawer for so long: five minutes and a quarter. */
const DRIFT_PPM = 20;
const DRAWER_DAYS = 183;
const DAY_MS = 24 * 60 * 60 * 1000;

interface Cast {
  readonly admin: Administrator;
  readonly user: User;
}

/** Signs in by a typed HOTP, where the model types, and by the TOTP of a programmable token. */
export async function tellTokens(story: Story, cast: Cast, key: LabKey): Promise<void> {
  if (key.key.model.applets.includes('token2-otp')) await tellTyped(story, cast, key);
  await tellShown(story, cast);
}

async function tellTyped(story: Story, { admin, user }: Cast, key: LabKey): Promise<void> {
  story.chapter('An HOTP that the key types');
  const secret = freshSecret();
  const serial = `${key.key.identity.serial ?? 'KEY'}-HOTP`;
  await story.step('program an HOTP on the key', () => program(key, secret));
  const token = await story.step('Hardware tokens: import and assign it', async () => {
    return [await admin.importToken('h6', serial, secret), `HOTP-6, serial ${serial}`] as const;
  });
  const code = await story.step('a touch of the idle key types it', async () => {
    const typed = await typedBy(key);
    return [typed, `${typed} and Enter`] as const;
  });
  await story.step('Other options, Passcode: signed in', async () => [null, await user.passcode(code)] as const);
  await story.step('the same HOTP is refused', async () => {
    return [null, await refused(user.passcode(code), 'passcode_replayed')] as const;
  });
  await story.step(`${LOST_PRESSES} touches in a pocket: out of step`, async () => {
    for (let press = 0; press < LOST_PRESSES; press++) await typedBy(key);
    const typed = await typedBy(key);
    return [null, `${typed}: ${await refused(user.passcode(typed), 'invalid_passcode')}`] as const;
  });
  await story.step('Resync by three codes', async () => {
    const codes = { code1: await typedBy(key), code2: await typedBy(key), code3: await typedBy(key) };
    return [null, (await admin.change(token, `${token}/resync`, codes)).notice] as const;
  });
  await story.step('the next HOTP signs in', async () => [null, await user.passcode(await typedBy(key))] as const);
}

async function tellShown(story: Story, { admin, user }: Cast): Promise<void> {
  story.chapter('A programmable TOTP token');
  const secret = freshSecret();
  const drawer = { ago: DRAWER_DAYS * DAY_MS };
  const { token, client } = await story.step('provision the token', async () => {
    const opened = await openToken(() => Date.now() - drawer.ago);
    await opened.client.writeSettings({ time: (Date.now() - drawer.ago) / 1000 });
    await opened.client.writeSeed(secret);
    return [opened, `${opened.token.model.name}, serial ${opened.token.serial}`] as const;
  });
  await story.step('Hardware tokens: import and assign it', async () => {
    return [await admin.importToken('t6', token.serial, secret), `TOTP-6, serial ${token.serial}`] as const;
  });
  const late = await story.step(`${DRAWER_DAYS} days in a drawer: its clock drifts`, async () => {
    drawer.ago = 0;
    const off = token.clock.now() - Date.now() / 1000;
    return [shownBy(token), `${off.toFixed(0)} seconds fast, shows ${shownBy(token)}`] as const;
  });
  await story.step('its TOTP is refused', async () => {
    return [null, await refused(user.passcode(late), 'invalid_passcode')] as const;
  });
  await story.step('set its clock by its own tool', async () => {
    await client.writeSettings({ time: Date.now() / 1000 });
    return [null, `${Math.abs(token.clock.now() - Date.now() / 1000).toFixed(0)} seconds off`] as const;
  });
  const code = await story.step('the token shows a TOTP', async () => [shownBy(token), shownBy(token)] as const);
  await story.step('Other options, Passcode: signed in', async () => [null, await user.passcode(code)] as const);
  await story.step('the same TOTP is refused', async () => {
    return [null, await refused(user.passcode(code), 'passcode_replayed')] as const;
  });
}

async function program(key: LabKey, secret: Uint8Array): Promise<readonly [undefined, string]> {
  const ready = await withClient(key, async (client) => {
    await client.writeButtonSeed({ digits: 6, seed: secret });
    const { disabledInterfaces } = await client.deviceInfo();
    await client.setDisabledInterfaces(disabledInterfaces & ~DisabledInterface.KEYBOARD);
    return (disabledInterfaces & DisabledInterface.KEYBOARD) === 0;
  });
  if (ready) return [undefined, '6 digits, sealed on its way'];
  await key.remove();
  await key.insert();
  return [undefined, '6 digits; keyboard switched on, key plugged in again'];
}

/** What a touch of the key types, as a host with the layout of the United States reads it. */
async function typedBy(key: LabKey): Promise<string> {
  const strokes = await key.key.touch();
  if (strokes === undefined) throw new Error('expected the key to type, it did not');
  return readWithLayout(strokes, findKeyboardLayout('us')).trimEnd();
}

function shownBy(token: { code(): string | undefined }): string {
  const shown = token.code();
  if (shown === undefined) throw new Error('expected the token to show a code, it has no seed');
  return shown;
}

function freshSecret(): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(SECRET_SIZE));
}

async function withClient<T>(key: LabKey, work: (client: Token2OtpClient) => Promise<T>): Promise<T> {
  const [{ Token2OtpClient }, { Token2HidCard }, way] = await Promise.all([
    import('../../client/token2.ts'),
    import('../../client/token2-hid.ts'),
    findDevice(key.devices[0]),
  ]);
  const card = way.kind === 'card' ? await way.connect() : new Token2HidCard(await way.connect());
  try {
    return await work(await Token2OtpClient.open(card, { selects: way.kind === 'card' }));
  } finally {
    await card.close();
  }
}

/** @param now milliseconds since 1970, where the token is */
async function openToken(now: () => number) {
  const [{ ProgrammableToken }, { ProgrammableTokenClient }, { connectCardInProcess }, { nodeSm4 }, parts] =
    await Promise.all([
      import('../../../emulator/programmable-token.ts'),
      import('../../client/programmable-token.ts'),
      import('../../transports/in-process.ts'),
      import('../../../emulator/sm4-node.ts'),
      Promise.all([
        import('../../../emulator/clock.ts'),
        import('../../../emulator/random.ts'),
        import('../../../emulator/store/memory.ts'),
      ]),
    ]);
  const [{ systemClock }, { systemRandom }, { memoryStore }] = parts;
  const sm4 = nodeSm4();
  const environment = { clock: { ...systemClock, now }, random: systemRandom, store: memoryStore() };
  const model = findProgrammableToken('c302-i');
  const token = await ProgrammableToken.open({ environment, sm4, model, driftPpm: DRIFT_PPM });
  return { token, client: await ProgrammableTokenClient.open(connectCardInProcess(token), { sm4 }) };
}
