/** What the subcommands of `ctaplab otp` share: the key, opened over whatever carries its OTP applet. */
import type { Token2OtpClient } from '../client/token2.ts';
import type { DeviceWay } from './device-way.ts';
import { findDevice } from './devices.ts';
import { Failure } from './failure.ts';
import { Output } from './output.ts';

export interface Common {
  readonly json?: boolean;
  readonly yes?: boolean;
}

export interface OpenedKey<O = Common> {
  readonly way: DeviceWay;
  readonly client: Token2OtpClient;
  readonly options: O;
  readonly output: Output;
}

export async function withKey<O extends Common>(
  name: string | undefined,
  options: O,
  act: (key: OpenedKey<O>) => Promise<void>,
): Promise<void> {
  const output = new Output(options);
  const way = await findDevice(name);
  const [{ Token2OtpClient }, { Token2HidCard }] = await Promise.all([
    import('../client/token2.ts'),
    import('../client/token2-hid.ts'),
  ]);
  const onBusy = () => process.stderr.write('Touch the key.\n');
  const card = way.kind === 'card' ? await way.connect() : new Token2HidCard(await way.connect(), { onBusy });
  try {
    const client = await Token2OtpClient.open(card, { selects: way.kind === 'card' });
    await act({ way, client, options, output });
  } finally {
    await card.close();
  }
}

/** A value that the key cannot take is the user's mistake. */
export function asUsage(error: unknown): never {
  if (error instanceof RangeError) throw new Failure('usage', error.message, undefined, { cause: error });
  throw error;
}
