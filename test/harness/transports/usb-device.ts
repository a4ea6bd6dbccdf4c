/** A scripted device of the package `usb`: a key behind interrupt endpoints, and a log of what was asked of it. */

import { fidoReportDescriptor } from '../../../ctap/hid/report-descriptor.ts';
import { keyboardReportDescriptor } from '../../../ctap/otp/keyboard-usages.ts';
import type { HidPlug } from '../../../emulator/exchange.ts';
import type { PluggableKey } from '../../../emulator/transports/attachment.ts';
import type { UsbDevice, UsbInterface, UsbSetup } from '../../../harness/transports/usb-library.ts';

const hid = (number: number, boot: number, ...endpoints: readonly [number, 'in' | 'out'][]): UsbInterface => ({
  interfaceNumber: number,
  alternate: {
    interfaceClass: 3,
    interfaceSubclass: boot,
    interfaceProtocol: boot,
    endpoints: endpoints.map(([endpointNumber, direction]) => ({ endpointNumber, direction, type: 'interrupt' })),
  },
});

export interface ScriptedOptions {
  /** Leaves the FIDO interface without an OUT endpoint. */
  readonly noOut?: boolean;
  /** Rejections by the name of the call, as the library words them. */
  readonly failures?: Readonly<Record<string, string>>;
  /** No kernel driver has the interfaces. */
  readonly noDriver?: boolean;
}

export class ScriptedUsbDevice implements UsbDevice {
  readonly vendorId = 0x349e;
  readonly productId = 0x0022;
  readonly bus = '001';
  readonly address = 7;
  readonly productName = 'FIDO2 Security Key';
  readonly calls: string[] = [];
  readonly configuration: { readonly interfaces: readonly UsbInterface[] };
  readonly #options: ScriptedOptions;
  readonly #waiting = new Map<number, Uint8Array[]>();
  readonly #wake = new Set<() => void>();
  #plug: HidPlug | undefined;
  #unplugged = false;

  constructor(key: PluggableKey | undefined, options: ScriptedOptions = {}) {
    this.#options = options;
    // a smart card first, then the keyboard: neither is to be taken for the FIDO interface
    const card = { interfaceNumber: 0, alternate: { ...hid(0, 0).alternate, interfaceClass: 0x0b } };
    const fido = options.noOut === true ? hid(2, 0, [1, 'in']) : hid(2, 0, [1, 'in'], [2, 'out']);
    this.configuration = { interfaces: [card, hid(1, 1, [5, 'in']), ...(key === undefined ? [] : [fido])] };
    this.#plug = key?.plugIn((report) => this.send(1, report));
    key?.keyboard?.plugIn((report) => this.send(5, report));
  }

  /** The device has a report for an endpoint. */
  send(endpoint: number, report: Uint8Array): void {
    this.#waiting.set(endpoint, [...(this.#waiting.get(endpoint) ?? []), report]);
    for (const wake of this.#wake) wake();
  }

  unplug(): void {
    this.#unplugged = true;
    for (const wake of this.#wake) wake();
  }

  async open() {
    this.#called('open');
  }

  async close() {
    this.#called('close');
  }

  async detachKernelDriver(number: number) {
    if (this.#options.noDriver === true) throw new Error('detachKernelDriver error: no driver (errno 61)');
    this.#called('detach', number);
  }

  async attachKernelDriver(number: number) {
    this.#called('attach', number);
  }

  async claimInterface(number: number) {
    this.#called('claim', number);
  }

  async releaseInterface(number: number) {
    this.#called('release', number);
  }

  async controlTransferIn({ request, value, index }: UsbSetup, length: number) {
    this.#called('controlIn', request, value, index);
    const descriptor = index === 2 ? fidoReportDescriptor() : keyboardReportDescriptor();
    return { data: new DataView(descriptor.slice(0, length).buffer) };
  }

  async controlTransferOut({ request, value, index }: UsbSetup, data: Uint8Array) {
    this.#called('controlOut', request, value, index);
    if (index === 2) this.#plug?.receive(data);
  }

  async transferIn(endpoint: number, _length: number, timeout: number) {
    const end = Date.now() + timeout;
    while ((this.#waiting.get(endpoint)?.length ?? 0) === 0) {
      if (this.#unplugged) throw new Error('transferIn error: Disconnected');
      const left = end - Date.now();
      if (left <= 0) throw new Error('transferIn error: Cancelled');
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#wake.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.#wake.add(wake);
      });
    }
    return { data: new DataView(Uint8Array.from(this.#waiting.get(endpoint)!.shift()!).buffer) };
  }

  async transferOut(endpoint: number, data: Uint8Array) {
    if (this.#unplugged) throw new Error('transferOut error: Disconnected');
    this.#called('transferOut', endpoint, data.length);
    this.#plug?.receive(data);
  }

  #called(name: string, ...values: readonly number[]): void {
    this.calls.push([name, ...values].join(' '));
    const failure = this.#options.failures?.[name];
    if (failure !== undefined) throw new Error(failure);
  }
}
