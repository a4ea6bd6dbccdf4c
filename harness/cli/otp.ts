/** `ctaplab otp`: the one-time passwords that a Token2 key keeps, and the one that it types. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ALL_INTERFACES, DisabledInterface } from '../../ctap/token2/otp-applet.ts';
import type { OtpEntryName, OtpEntryReading } from '../../ctap/token2/otp-entries.ts';
import { consentTo } from './consent.ts';
import { Failure } from './failure.ts';
import { DEVICE_HELP } from './info.ts';
import { integer } from './key-options.ts';
import { asUsage, type Common, type OpenedKey, withKey } from './otp-key.ts';
import { pressCommand } from './otp-press.ts';
import { addSecretOptions, readOtpSecret, type SecretOptions } from './otp-secret.ts';
import { slotCommand } from './otp-slot.ts';
import { yubicoCommand } from './otp-yubico.ts';
import { verb } from './verb.ts';

interface AddOptions extends Common, SecretOptions {
  readonly account?: string;
  readonly app?: string;
  readonly type?: 'totp' | 'hotp';
  readonly algorithm?: 'SHA1' | 'SHA256';
  readonly digits?: number;
  readonly period?: number;
  readonly touch?: boolean;
}

type InterfaceName = 'fido' | 'keyboard' | 'ccid';

export function command(): Command {
  const otp = verb('otp', 'one-time passwords on a Token2 key, over HID or PC/SC', ['otp list', 'otp slot --write']);
  otp.addCommand(
    verb('list', 'show the entries and their codes', [
      'otp list',
      'otp list "pcsc:TOKEN2 FIDO2 Security Key(0016) 00 00"',
    ])
      .argument('[device]', DEVICE_HELP)
      .action((device: string | undefined, options: Common) => withKey(device, options, list)),
  );
  otp.addCommand(
    addSecretOptions(
      verb('add', 'write an entry, over the one of its name', [
        'otp add --account alice --app Example --secret-file secret.txt',
        'otp add lab:1 --qr account.png',
      ])
        .argument('[device]', DEVICE_HELP)
        .option('--account <name>', 'account, 1 to 64 characters of ASCII (default: as the URI says)')
        .option('--app <name>', 'issuer, up to 64 characters of ASCII (default: as the URI says, else none)')
        .addOption(new Option('--type <type>', 'default: as the URI says, else totp').choices(['totp', 'hotp']))
        .addOption(new Option('--algorithm <name>', 'default: as the URI says, else SHA1').choices(['SHA1', 'SHA256']))
        .option('--digits <n>', '4 to 10 (default: as the URI says, else 6)', integer(4, 10))
        .option('--period <s>', 'seconds of a TOTP step (default: as the URI says, else 30)', integer(1, 65_535))
        .option('--touch', 'give a code only when the key is touched')
        .option('--yes', 'do not ask before writing to a physical key'),
    ).action((device: string | undefined, options: AddOptions) => withKey(device, options, add)),
  );
  otp.addCommand(
    verb('delete', 'delete an entry', ['otp delete alice --app Example'])
      .argument('<account>', 'the account')
      .argument('[device]', DEVICE_HELP)
      .option('--app <name>', 'issuer', '')
      .option('--yes', 'do not ask before deleting from a physical key')
      .action((account: string, device: string | undefined, options: Common & { app: string }) =>
        withKey(device, options, (key) => remove(key, { app: options.app, account }, options)),
      ),
  );
  otp.addCommand(
    verb('code', 'show one code; an HOTP counts, an entry with touch waits for one', ['otp code alice --app Example'])
      .argument('<account>', 'the account')
      .argument('[device]', DEVICE_HELP)
      .option('--app <name>', 'issuer', '')
      .action((account: string, device: string | undefined, options: Common & { app: string }) =>
        withKey(device, options, (key) => code(key, { app: options.app, account })),
      ),
  );
  otp.addCommand(slotCommand());
  otp.addCommand(pressCommand());
  otp.addCommand(yubicoCommand());
  otp.addCommand(
    verb('erase', 'erase all entries; the key asks for a touch', ['otp erase --yes'])
      .argument('[device]', DEVICE_HELP)
      .option('--yes', 'do not ask before erasing a physical key')
      .action((device: string | undefined, options: Common) => withKey(device, options, erase)),
  );
  otp.addCommand(
    verb('interfaces', 'show or set which interfaces the key has; counts from its next plugging in', [
      'otp interfaces lab:1',
      'otp interfaces --on keyboard',
      'otp interfaces --off ccid',
    ])
      .argument('[device]', DEVICE_HELP)
      .option('--on <names>', 'fido, keyboard, ccid; several with commas', interfaceNames)
      .option('--off <names>', 'the same', interfaceNames)
      .option('--yes', 'do not ask before changing a physical key')
      .action((device: string | undefined, options: Common & InterfaceOptions) => withKey(device, options, interfaces)),
  );
  return otp;
}

const now = () => Date.now() / 1000;

async function list({ client, way, output }: OpenedKey): Promise<void> {
  const entries = await client.entries(now());
  output.document({ device: way.name, entries });
  if (entries.length === 0) output.line('The key has no entries.');
  output.table(entries.map((entry) => [entry.app, entry.account, entry.code ?? waitsFor(entry), describe(entry)]));
}

function waitsFor({ type }: OtpEntryReading): string {
  return type === 'hotp' ? '(next)' : '(touch)';
}

function describe({ type, algorithm, digits, period, touch }: OtpEntryReading): string {
  const step = type === 'totp' ? [`${period} s`] : [];
  return [type.toUpperCase(), algorithm, `${digits} digits`, ...step, ...(touch ? ['touch'] : [])].join(', ');
}

async function add({ client, way, options, output }: OpenedKey<AddOptions>): Promise<void> {
  const { secret, account: given } = await readOtpSecret(options);
  const account = options.account ?? given?.account;
  if (account === undefined) throw new Failure('usage', 'expected an account, got none', 'Name it with --account.');
  const algorithm = options.algorithm ?? given?.algorithm ?? 'SHA1';
  if (algorithm === 'SHA512') throw new Failure('usage', 'algorithm: expected SHA1 or SHA256, the key has no SHA512');
  if (given?.type === 'hotp' && given.counter > 0n) {
    throw new Failure('usage', `counter: expected 0, where the key begins; the URI says ${given.counter}`);
  }
  const entry = {
    type: options.type ?? given?.type ?? 'totp',
    algorithm,
    digits: options.digits ?? given?.digits ?? 6,
    period: options.period ?? (given?.type === 'totp' ? given.period : 30),
    touch: options.touch === true,
    app: options.app ?? given?.issuer ?? '',
    account,
    seed: secret,
  };
  await consentTo(`write the entry ${titleOf(entry)}`, way, options);
  await client.writeEntry(entry).catch(asUsage);
  const { seed: _, ...written } = entry;
  output.document({ device: way.name, written });
  output.line(`Wrote ${titleOf(entry)}.`);
}

function titleOf({ app, account }: OtpEntryName): string {
  return app === '' ? account : `${app}: ${account}`;
}

async function remove({ client, way, output }: OpenedKey, name: OtpEntryName, options: Common): Promise<void> {
  await consentTo(`delete the entry ${titleOf(name)}`, way, options);
  await client.deleteEntry(name).catch(asUsage);
  output.document({ device: way.name, deleted: name });
  output.line(`Deleted ${titleOf(name)}.`);
}

async function code({ client, way, output }: OpenedKey, name: OtpEntryName): Promise<void> {
  const entry = await client.entry(name, now()).catch(asUsage);
  output.document({ device: way.name, ...entry });
  output.line(entry.code);
}

async function erase({ client, way, options, output }: OpenedKey): Promise<void> {
  await consentTo('erase all one-time password entries', way, options);
  await client.eraseEntries();
  output.document({ device: way.name, erased: true });
  output.line('Erased all entries.');
}

interface InterfaceOptions {
  readonly on?: readonly InterfaceName[];
  readonly off?: readonly InterfaceName[];
}

const INTERFACES: Readonly<Record<InterfaceName, number>> = {
  fido: DisabledInterface.FIDO,
  keyboard: DisabledInterface.KEYBOARD,
  ccid: DisabledInterface.CCID,
};

function interfaceNames(text: string): InterfaceName[] {
  return text.split(',').map((name) => {
    if (name === 'fido' || name === 'keyboard' || name === 'ccid') return name;
    throw new InvalidArgumentError(`expected fido, keyboard or ccid, got ${JSON.stringify(name)}`);
  });
}

function maskOf(names: readonly InterfaceName[] = []): number {
  return names.reduce((mask, name) => mask | INTERFACES[name], 0);
}

async function interfaces({ client, way, options, output }: OpenedKey<Common & InterfaceOptions>): Promise<void> {
  let { disabledInterfaces: mask } = await client.deviceInfo();
  const wanted = (mask | maskOf(options.off)) & ~maskOf(options.on) & ALL_INTERFACES;
  if (wanted !== mask) {
    await consentTo('change which interfaces the key has', way, options);
    await client.setDisabledInterfaces(wanted).catch(asUsage);
    mask = wanted;
  }
  const names = Object.keys(INTERFACES) as InterfaceName[];
  const state = Object.fromEntries(names.map((name) => [name, (mask & INTERFACES[name]) === 0]));
  output.document({ device: way.name, interfaces: state });
  output.table(names.map((name) => [name, state[name] ? 'on' : 'off']));
}
