/** `ctaplab token`: Token2's programmable tokens, read and provisioned through a card reader; and virtual ones. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { DEFAULT_TOKEN_CONFIG, type TokenConfig } from '../../ctap/token2/token-settings.ts';
import type { ProgrammableTokenClient } from '../client/programmable-token.ts';
import type { CardConnection } from '../transports/connection.ts';
import { consentTo } from './consent.ts';
import { findDevice } from './devices.ts';
import { Failure } from './failure.ts';
import { integer } from './key-options.ts';
import { addSecretOptions, readOtpSecret, type SecretOptions } from './otp-secret.ts';
import { Output } from './output.ts';
import { writeSecretFile } from './secret-file.ts';
import { readSecrets } from './secret-input.ts';
import type { SecretEncoding, TokenRow } from './token-csv.ts';
import { command as startCommand } from './token-start.ts';
import { verb } from './verb.ts';

interface Common {
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly keyFile?: string;
}

interface ProfileOptions extends Common {
  readonly profile: number;
}

interface ConfigOptions extends ProfileOptions {
  readonly algorithm: TokenConfig['algorithm'];
  readonly digits: '4' | '6' | '8' | '10';
  readonly period: '30' | '60';
  readonly display: '15' | '30' | '60' | '120';
}

interface ListOptions extends Common {
  readonly encoding: SecretEncoding;
  readonly duo?: string;
}

const READER_HELP = 'pcsc:READER (default: the only reader with a card in it)';
const SYNC_WARNING = 'A token of restricted time sync loses its seed by this: write it again.';

export function command(): Command {
  const token = verb('token', "Token2's programmable tokens, through a card reader", [
    'token info',
    'token sync --yes',
  ]);
  token.addCommand(
    verb('info', 'show serial number, model and clock', ['token info "pcsc:ACS ACR122U 00 00"'])
      .argument('[device]', READER_HELP)
      .action((device: string | undefined, options: Common) => withToken(device, options, info)),
  );
  token.addCommand(
    addSecretOptions(
      withProfile(verb('seed', 'write the seed', ['token seed --secret-file seed.txt'])).argument(
        '[device]',
        READER_HELP,
      ),
    ).action((device: string | undefined, options: ProfileOptions & SecretOptions) => withToken(device, options, seed)),
  );
  token.addCommand(
    withConfig(verb('config', 'write the configuration, and the clock with it', ['token config --period 60']))
      .argument('[device]', READER_HELP)
      .addHelpText('after', `\n${SYNC_WARNING}`)
      .action((device: string | undefined, options: ConfigOptions) => withToken(device, options, config)),
  );
  token.addCommand(
    withConfig(verb('sync', 'set the clock to the time of this machine', ['token sync', 'token sync --period 60']))
      .argument('[device]', READER_HELP)
      .addHelpText(
        'after',
        `
A single-profile token takes its clock with its whole configuration, which cannot be
read: say how it is configured where that differs from the defaults.
${SYNC_WARNING}`,
      )
      .action((device: string | undefined, options: ConfigOptions) => withToken(device, options, sync)),
  );
  token.addCommand(
    withListOptions(
      verb('provision', 'write clock and seed of every token of a list that lies in a reader', [
        'token provision tokens.csv --duo duo.csv --yes',
      ]),
    )
      .option('--key-file <file>', 'file whose first line is the customer key of a Molto2')
      .option('--yes', 'do not ask')
      .action(provision),
  );
  token.addCommand(
    withListOptions(
      verb('convert', "turn a list, as Token2 delivers it, into Duo's import", [
        'token convert azure.csv --duo duo.csv',
      ]),
    ).action(convert),
  );
  token.addCommand(startCommand());
  return token;
}

function withProfile(command: Command): Command {
  return command
    .option('--profile <n>', 'profile of a Molto2', integer(0, 99), 0)
    .option('--key-file <file>', 'file whose first line is the customer key of a Molto2 (default: that of a new one)')
    .option('--yes', 'do not ask before writing');
}

function withConfig(command: Command): Command {
  return withProfile(command)
    .addOption(new Option('--algorithm <name>', 'of the codes').choices(['SHA1', 'SHA256']).default('SHA1'))
    .addOption(new Option('--digits <n>', 'Molto2 alone has others than 6').choices(['4', '6', '8', '10']).default('6'))
    .addOption(new Option('--period <s>', 'seconds of a time step').choices(['30', '60']).default('30'))
    .addOption(
      new Option('--display <s>', 'seconds that it stays lit').choices(['15', '30', '60', '120']).default('30'),
    );
}

function withListOptions(command: Command): Command {
  return command
    .argument('<list>', 'CSV file: serial, secret, step; or with a line of names')
    .addOption(new Option('--encoding <how>', 'of the secrets').choices(['base32', 'hex']).default('base32'))
    .option('--duo <file>', "write Duo's import list there (serial, secret in hexadecimal, step); mode 0600");
}

interface OpenedToken<O> {
  readonly name: string;
  readonly client: ProgrammableTokenClient;
  readonly options: O;
  readonly output: Output;
}

async function withToken<O extends Common>(
  name: string | undefined,
  options: O,
  act: (token: OpenedToken<O>) => Promise<void>,
): Promise<void> {
  const output = new Output(options);
  const reader = await findReader(name);
  const way = await findDevice(reader);
  if (way.kind !== 'card')
    throw new Failure('usage', `expected a card reader, got ${way.name}`, 'Name one: pcsc:READER');
  const card = await way.connect();
  try {
    await act({ name: way.name, client: await openToken(card, options), options, output });
  } finally {
    await card.close();
  }
}

async function findReader(name: string | undefined): Promise<string> {
  if (name !== undefined) return name;
  const { listCards } = await import('../transports/pcsc.ts');
  const cards = (await listCards()).map((card) => `pcsc:${card.name}`);
  const [first, second] = cards;
  if (first === undefined) throw new Failure('no-device', 'no reader has a card in it', 'Lay the token on the reader.');
  if (second !== undefined)
    throw new Failure('usage', `several readers have cards: ${cards.join(', ')}`, 'Say which one.');
  return first;
}

async function openToken(card: CardConnection, { keyFile }: Common): Promise<ProgrammableTokenClient> {
  const [{ ProgrammableTokenClient: Client }, { nodeSm4 }] = await Promise.all([
    import('../client/programmable-token.ts'),
    import('../../emulator/sm4-node.ts'),
  ]);
  if (keyFile === undefined) return Client.open(card, { sm4: nodeSm4() });
  const [key] = await readSecrets([{ name: 'customer key', file: keyFile, fresh: false }]);
  return Client.open(card, { sm4: nodeSm4(), customerKey: new TextEncoder().encode(key) });
}

const now = () => Math.floor(Date.now() / 1000);

async function info({ name, client, output }: OpenedToken<Common>): Promise<void> {
  const { serial, time } = client.info;
  const offset = time - now();
  const { name: model = client.family, timeSync = null } = client.model ?? {};
  output.document({ device: name, serial, model, family: client.family, timeSync, time, offset });
  output.table([
    ['serial', serial],
    ['model', model],
    ['clock', `${new Date(time * 1000).toISOString()} (${offset >= 0 ? '+' : ''}${offset} s)`],
    ...(timeSync === null ? [] : [['time sync', timeSync]]),
  ]);
}

/** Every token in a reader may be somebody's. */
const target = (name: string) => ({ name, physical: true });

async function seed({ name, client, options, output }: OpenedToken<ProfileOptions & SecretOptions>): Promise<void> {
  const { secret } = await readOtpSecret(options);
  await consentTo(`write the seed of the token ${client.info.serial}`, target(name), options);
  await client.writeSeed(secret, options.profile).catch(asUsage);
  output.document({ device: name, serial: client.info.serial, seed: 'written' });
  output.line(`Wrote the seed of ${client.info.serial}.`);
}

function asUsage(error: unknown): never {
  if (error instanceof RangeError) throw new Failure('usage', error.message, undefined, { cause: error });
  throw error;
}

async function config({ name, client, options, output }: OpenedToken<ConfigOptions>): Promise<void> {
  await consentTo(`write configuration and clock of the token ${client.info.serial}`, target(name), options);
  const written = configOf(client, options);
  await client.writeSettings({ time: now(), config: written }, options.profile);
  output.document({ device: name, serial: client.info.serial, config: written });
  output.line(
    `Configured ${client.info.serial}. ${client.model?.timeSync === 'unrestricted' ? '' : SYNC_WARNING}`.trim(),
  );
}

function configOf(client: ProgrammableTokenClient, options: ConfigOptions): TokenConfig {
  if (client.family === 'single' && options.digits !== '6') {
    throw new Failure('usage', `digits: expected 6, got ${options.digits}: a single-profile token has no others`);
  }
  return {
    algorithm: options.algorithm,
    digits: Number(options.digits) as TokenConfig['digits'],
    period: Number(options.period) as TokenConfig['period'],
    display: Number(options.display) as TokenConfig['display'],
  };
}

async function sync({ name, client, options, output }: OpenedToken<ConfigOptions>): Promise<void> {
  const restricted = client.family === 'single' && client.model?.timeSync !== 'unrestricted';
  const loss = restricted ? ' and, its time sync being restricted, delete its seed' : '';
  await consentTo(`set the clock of the token ${client.info.serial}${loss}`, target(name), options);
  const before = client.info.time - now();
  const settings = client.family === 'single' ? { config: configOf(client, options) } : {};
  await client.writeSettings({ time: now(), ...settings }, options.profile);
  const after = (await client.readInfo()).time - now();
  output.document({ device: name, serial: client.info.serial, before, after, seedDeleted: restricted });
  output.line(`The clock of ${client.info.serial} was off by ${before} s, and is now by ${after} s.`);
  if (restricted) output.line(SYNC_WARNING);
}

async function readList(path: string, { encoding }: ListOptions): Promise<readonly TokenRow[]> {
  const { parseTokenList } = await import('./token-csv.ts');
  return parseTokenList(readFileSync(path, 'utf8'), encoding);
}

async function writeDuoList(path: string, rows: readonly TokenRow[]): Promise<void> {
  const { formatDuoList } = await import('./token-csv.ts');
  writeSecretFile(path, formatDuoList(rows));
}

async function convert(path: string, options: ListOptions): Promise<void> {
  const output = new Output(options);
  if (options.duo === undefined)
    throw new Failure('usage', 'expected --duo FILE, got none', 'Secrets are not printed.');
  const rows = await readList(path, options);
  await writeDuoList(options.duo, rows);
  output.document({ tokens: rows.length, duo: options.duo });
  output.line(`Wrote ${rows.length} tokens to ${options.duo}.`);
}

async function provision(path: string, options: ListOptions): Promise<void> {
  const output = new Output(options);
  const rows = new Map((await readList(path, options)).map((row) => [row.serial, row]));
  const { listCards, openCard } = await import('../transports/pcsc.ts');
  const done: TokenRow[] = [];
  for (const { name } of await listCards()) {
    const card = await openCard(name);
    try {
      const client = await openToken(card, options);
      const row = rows.get(client.info.serial);
      if (row === undefined) continue;
      await consentTo(`provision the token ${row.serial}`, target(`pcsc:${name}`), options);
      const settings = { ...DEFAULT_TOKEN_CONFIG, period: row.period };
      await client.writeSettings({ time: now(), config: settings });
      await client.writeSeed(row.secret); // after the clock, whose setting may delete it
      done.push(row);
      output.line(`Provisioned ${row.serial}.`);
    } finally {
      await card.close();
    }
  }
  if (options.duo !== undefined && done.length > 0) await writeDuoList(options.duo, done);
  const left = [...rows.keys()].filter((serial) => !done.some((row) => row.serial === serial));
  output.document({ provisioned: done.map(({ serial }) => serial), left });
  if (left.length > 0) output.line(`Not in a reader: ${left.join(', ')}`);
  if (done.length === 0) throw new Failure('no-device', 'no token of the list lies in a reader');
}
