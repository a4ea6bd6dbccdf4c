/** --trace: what a verb itself says to keys, written down while it runs. */
import type { DeviceWay } from './device-way.ts';
import type { TraceFile } from './trace-file.ts';

let file: TraceFile | undefined;
let plugs = 0;

/** From now on all connections are overheard. */
export async function traceOwnTraffic(path: string): Promise<void> {
  const { openTraceFile } = await import('./trace-file.ts');
  file = openTraceFile(path);
}

export function endOwnTraffic(): void {
  file?.close();
  file = undefined;
}

/** The same way, overheard where --trace asks for it. */
export function overheardWay(way: DeviceWay): DeviceWay {
  const into = file;
  if (into === undefined) return way;
  const plug = ++plugs;
  const now = () => Math.round((performance.timeOrigin + performance.now()) * 1000) / 1000;
  if (way.kind === 'hid') {
    const connect = async () => {
      const { overhearHid } = await import('../transports/overheard.ts');
      return overhearHid(await way.connect(), (direction, report) =>
        into.write({ at: now(), plug, direction, report }),
      );
    };
    return { ...way, connect };
  }
  const connect = async () => {
    const { overhearCard } = await import('../transports/overheard.ts');
    return overhearCard(await way.connect(), (direction, apdu) => into.write({ at: now(), plug, direction, apdu }));
  };
  return { ...way, connect };
}
