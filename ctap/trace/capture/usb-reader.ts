/** What keys and hosts have said, out of a capture of a whole USB bus by usbmon. */

import { PACKET_SIZE } from '../../hid/packet.ts';
import type { ApduTraffic, ReportTraffic, Traffic, TrafficDirection } from '../traffic.ts';
import { readCaptureFile } from './capture-file.ts';
import { CcidAssembler } from './ccid.ts';
import { DescriptorType, InterfaceClass, isFidoReportDescriptor, readConfiguration } from './usb-descriptors.ts';
import { decodeUrbEvent, ENDPOINT_IN, isUsbmon, TransferType, type UrbEvent } from './usbmon.ts';

export interface ReadTraffic {
  readonly traffic: readonly Traffic[];
  /** Why not all could be read. */
  readonly problems: readonly string[];
}

type TimedEvent = UrbEvent & { readonly at: number };

/** What is known of one device of a bus. */
interface Device {
  /** Interrupt endpoints of FIDO interfaces, by address; from descriptors, else by what went over them. */
  readonly fido: Set<number>;
  readonly fidoInterfaces: Set<number>;
  readonly ccid: Set<number>;
  readonly interfaces: Map<number, readonly number[]>;
  plugs: { hid?: number; card?: number };
  readonly assemblers: Map<number, CcidAssembler>;
}

/**
 * Reads a pcap or pcapng file. Which devices are keys tell their descriptors, where the capture has them, and
 * CTAPHID_INIT on the broadcast channel, where it does not.
 * @throws TypeError for another file, or one without frames of usbmon
 */
export function readUsbCapture(bytes: Uint8Array): ReadTraffic {
  const { frames, problem } = readCaptureFile(bytes);
  const problems = problem === undefined ? [] : [problem];
  const usb = frames.filter(({ linkType }) => isUsbmon(linkType));
  if (usb.length === 0 && frames.length > 0) {
    throw new TypeError(`expected frames of usbmon (link type 189 or 220), got link type ${frames[0]!.linkType}`);
  }
  const events: TimedEvent[] = [];
  for (const { data, linkType, littleEndian, at } of usb) {
    const event = decodeUrbEvent(data, linkType, littleEndian);
    if (event === undefined) problems.push(`a frame of ${data.length} bytes is no event of usbmon`);
    else events.push({ ...event, at });
  }
  return { traffic: new UsbReader(events).read(), problems };
}

class UsbReader {
  readonly #events: readonly TimedEvent[];
  readonly #devices = new Map<string, Device>();
  #plugs = 0;

  constructor(events: readonly TimedEvent[]) {
    this.#events = events;
  }

  read(): Traffic[] {
    const setups = new Map<bigint, Uint8Array>();
    for (const event of this.#events) this.#learn(event, setups);
    setups.clear();
    return this.#events.flatMap((event) => this.#traffic(event, setups));
  }

  #device({ bus, device }: UrbEvent): Device {
    const name = `${bus}.${device}`;
    const known = this.#devices.get(name) ?? {
      fido: new Set<number>(),
      fidoInterfaces: new Set<number>(),
      ccid: new Set<number>(),
      interfaces: new Map<number, readonly number[]>(),
      plugs: {},
      assemblers: new Map<number, CcidAssembler>(),
    };
    this.#devices.set(name, known);
    return known;
  }

  /** Remembers the setup packet of a control transfer until its completion, which is given back with it. */
  #setup({ id, event, setup }: UrbEvent, setups: Map<bigint, Uint8Array>): Uint8Array | undefined {
    if (event === 'S' && setup !== undefined) setups.set(id, setup);
    const asked = setups.get(id);
    if (event !== 'S') setups.delete(id);
    return asked;
  }

  #learn(event: TimedEvent, setups: Map<bigint, Uint8Array>): void {
    const device = this.#device(event);
    if (event.transfer === TransferType.CONTROL) {
      const setup = this.#setup(event, setups);
      if (setup?.[1] === GET_DESCRIPTOR && event.event === 'C') this.#learnDescriptor(device, setup, event.data);
      if (setup?.[1] === SET_REPORT && isInit(event.data)) device.fidoInterfaces.add(setup[4]!);
    } else if (event.transfer === TransferType.INTERRUPT && isInit(event.data)) device.fido.add(event.endpoint);
  }

  #learnDescriptor(device: Device, setup: Uint8Array, data: Uint8Array): void {
    const type = setup[3];
    if (type === DescriptorType.CONFIGURATION) {
      for (const { number, interfaceClass, endpoints } of readConfiguration(data)) {
        device.interfaces.set(number, endpoints);
        if (interfaceClass === InterfaceClass.CCID) for (const endpoint of endpoints) device.ccid.add(endpoint);
      }
    } else if (type === DescriptorType.REPORT && isFidoReportDescriptor(data)) {
      const number = setup[4]!;
      device.fidoInterfaces.add(number);
      for (const endpoint of device.interfaces.get(number) ?? []) device.fido.add(endpoint);
    }
  }

  #traffic(event: TimedEvent, setups: Map<bigint, Uint8Array>): Traffic[] {
    const device = this.#device(event);
    const { transfer, endpoint, data } = event;
    if (transfer === TransferType.CONTROL) return this.#controlled(device, event, setups);
    if (data.length === 0) return [];
    if (transfer === TransferType.INTERRUPT && device.fido.has(endpoint)) {
      return [this.#report(device, event, directionOf(endpoint), data)];
    }
    if (transfer !== TransferType.BULK || !device.ccid.has(endpoint)) return [];
    const assembler = device.assemblers.get(endpoint) ?? new CcidAssembler();
    device.assemblers.set(endpoint, assembler);
    device.plugs.card ??= ++this.#plugs;
    const { card: plug } = device.plugs;
    return assembler
      .accept(data)
      .map((apdu): ApduTraffic => ({ at: event.at, plug, direction: directionOf(endpoint), apdu: apdu.slice() }));
  }

  /** Reports through the control endpoint: output and feature reports of a FIDO interface (HID 1.11 §7.2). */
  #controlled(device: Device, event: TimedEvent, setups: Map<bigint, Uint8Array>): Traffic[] {
    const setup = this.#setup(event, setups);
    const isReport =
      setup !== undefined && (setup[0]! & 0x7f) === 0x21 && (setup[1] === SET_REPORT || setup[1] === GET_REPORT);
    if (!isReport || event.data.length === 0 || !device.fidoInterfaces.has(setup[4]!)) return [];
    return [this.#report(device, event, setup[1] === SET_REPORT ? 'in' : 'out', event.data)];
  }

  #report(device: Device, { at }: TimedEvent, direction: TrafficDirection, data: Uint8Array): ReportTraffic {
    device.plugs.hid ??= ++this.#plugs;
    return { at, plug: device.plugs.hid, direction, report: data.slice() };
  }
}

const GET_DESCRIPTOR = 0x06;
const GET_REPORT = 0x01;
const SET_REPORT = 0x09;

function directionOf(endpoint: number): TrafficDirection {
  return (endpoint & ENDPOINT_IN) === 0 ? 'in' : 'out';
}

/** CTAPHID_INIT on the broadcast channel, or its answer. */
function isInit(data: Uint8Array): boolean {
  const head = [0xff, 0xff, 0xff, 0xff, 0x86, 0x00];
  return (
    data.length === PACKET_SIZE &&
    head.every((byte, index) => data[index] === byte) &&
    (data[6] === 8 || data[6] === 17)
  );
}
