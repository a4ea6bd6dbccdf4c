/** Keys by their DEVICE names, opened when they are wanted and again when they were out meanwhile. */
import { CtapCardDevice } from '../client/ctap-card.ts';
import { CtapHidDevice } from '../client/ctap-hid.ts';
import type { CtapDevice } from '../client/device.ts';
import { DeviceGoneError, type HidConnection } from '../transports/connection.ts';

/**
 * Opens the key of that name: `hidraw:PATH`, `udp:HOST:PORT` or `pcsc:READER`.
 * @throws RangeError for another name, DeviceGoneError where there is none, an Error with code EACCES
 */
export async function openNamedDevice(name: string): Promise<CtapDevice> {
  const [, kind, rest = ''] = /^(hidraw|udp|pcsc):(.+)$/.exec(name) ?? [];
  if (kind === 'hidraw') return overHid(name, (await import('../transports/hidraw.ts')).openHidraw(rest));
  if (kind === 'pcsc') return CtapCardDevice.open(await (await import('../transports/pcsc.ts')).openCard(rest));
  const [, host, port] = (kind === 'udp' && /^(.+):(\d{1,5})$/.exec(rest)) || [];
  if (host === undefined || Number(port) > 0xffff) {
    throw new RangeError(`expected hidraw:PATH, udp:HOST:PORT or pcsc:READER, got ${JSON.stringify(name)}`);
  }
  return overHid(name, (await import('../transports/udp.ts')).openUdp({ host, port: Number(port) }));
}

async function overHid(name: string, opening: Promise<HidConnection>): Promise<CtapDevice> {
  const connection = await opening;
  try {
    return await CtapHidDevice.open(connection, { name: connection.product ?? name });
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** The one device that is open of a key whose name may change when it is plugged in again. */
export class NamedDevice {
  #opened: { readonly name: string; readonly device: CtapDevice } | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** The device of that name, opened anew where it has not answered; undefined where it is not there. */
  open(name: string): Promise<CtapDevice | undefined> {
    return this.#inTurn(async () => {
      if (this.#opened?.name === name && (await isAlive(this.#opened.device))) return this.#opened.device;
      await this.#forget();
      try {
        const device = await openNamedDevice(name);
        this.#opened = { name, device };
        return device;
      } catch (error) {
        if (error instanceof DeviceGoneError) return undefined;
        throw error;
      }
    });
  }

  /** Closes what is open, in the middle of whatever it does. */
  async close(): Promise<void> {
    await this.#forget();
  }

  async #forget(): Promise<void> {
    const device = this.#opened?.device;
    this.#opened = undefined;
    await device?.close();
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(action);
    this.#turn = turn.catch(() => undefined); // the caller has the failure
    return turn;
  }
}

async function isAlive(device: CtapDevice): Promise<boolean> {
  try {
    await device.ping(Uint8Array.of(0));
    return true;
  } catch {
    return false; // whatever it is, another opening tells
  }
}
