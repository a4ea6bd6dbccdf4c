/** CTAPHID packets, the 64-byte reports that messages travel in: CTAP 2.3 §11.2.4. */

/** Bytes of a report, without report id. */
export const PACKET_SIZE = 64;
/** Bytes before the payload: channel, command and length. */
export const INIT_HEADER = 7;
/** Bytes before the payload: channel and sequence number. */
export const CONTINUATION_HEADER = 5;
export const INIT_PAYLOAD = PACKET_SIZE - INIT_HEADER;
export const CONTINUATION_PAYLOAD = PACKET_SIZE - CONTINUATION_HEADER;
const LAST_SEQUENCE = 0x7f;
/** One initialization packet and 128 continuation packets: 7609 bytes. */
export const MAX_MESSAGE_SIZE = INIT_PAYLOAD + (LAST_SEQUENCE + 1) * CONTINUATION_PAYLOAD;

/** The channel that everybody may use, for INIT alone. */
export const BROADCAST_CHANNEL = 0xffffffff;
/** Never allocated. */
export const RESERVED_CHANNEL = 0;

/** Commands without the bit that marks an initialization packet: CTAP 2.3 §11.2.9. 0x40 to 0x7F are the vendor's. */
export const HidCommand = {
  PING: 0x01,
  MSG: 0x03,
  LOCK: 0x04,
  INIT: 0x06,
  WINK: 0x08,
  CBOR: 0x10,
  CANCEL: 0x11,
  KEEPALIVE: 0x3b,
  ERROR: 0x3f,
  VENDOR_FIRST: 0x40,
  VENDOR_LAST: 0x7f,
} as const;

/** What an ERROR message carries: CTAP 2.3 §11.2.9.1.6. Each has the value of the CTAP1_ERR status of its name. */
export const HidError = {
  INVALID_CMD: 0x01,
  INVALID_PAR: 0x02,
  INVALID_LEN: 0x03,
  INVALID_SEQ: 0x04,
  MSG_TIMEOUT: 0x05,
  CHANNEL_BUSY: 0x06,
  LOCK_REQUIRED: 0x0a,
  INVALID_CHANNEL: 0x0b,
  OTHER: 0x7f,
} as const;
export type HidError = (typeof HidError)[keyof typeof HidError];

/** Capability flags of the INIT answer: CTAP 2.3 §11.2.9.1.3. */
export const HidCapability = { WINK: 0x01, CBOR: 0x04, NMSG: 0x08 } as const;

const INIT_BIT = 0x80;

/** The channel of a packet of at least four bytes. */
export function packetChannel(packet: Uint8Array): number {
  return ((packet[0]! << 24) | (packet[1]! << 16) | (packet[2]! << 8) | packet[3]!) >>> 0;
}

/** True for an initialization packet, false for a continuation. */
export function isInitPacket(packet: Uint8Array): boolean {
  return (packet[4]! & INIT_BIT) !== 0;
}

/** An initialization packet's command; a continuation packet's sequence number. */
export function packetCommand(packet: Uint8Array): number {
  return packet[4]! & ~INIT_BIT;
}

/** The message length that an initialization packet declares. */
export function packetLength(packet: Uint8Array): number {
  return (packet[5]! << 8) | packet[6]!;
}

export type HidPacket =
  | {
      readonly kind: 'init';
      readonly channel: number;
      readonly command: number;
      readonly length: number;
      readonly payload: Uint8Array;
    }
  | {
      readonly kind: 'continuation';
      readonly channel: number;
      readonly sequence: number;
      readonly payload: Uint8Array;
    };

/**
 * A packet's fields; the payload is a view, with the padding of the last packet still on it.
 * Undefined where there are fewer bytes than the header has.
 */
export function decodePacket(packet: Uint8Array): HidPacket | undefined {
  if (packet.length < CONTINUATION_HEADER) return undefined;
  const channel = packetChannel(packet);
  if (!isInitPacket(packet)) {
    const payload = packet.subarray(CONTINUATION_HEADER, PACKET_SIZE);
    return { kind: 'continuation', channel, sequence: packetCommand(packet), payload };
  }
  if (packet.length < INIT_HEADER) return undefined;
  const payload = packet.subarray(INIT_HEADER, PACKET_SIZE);
  return { kind: 'init', channel, command: packetCommand(packet), length: packetLength(packet), payload };
}

/**
 * The packets of a message, in order, each of 64 bytes and padded with zeros.
 * @throws RangeError for a message over 7609 bytes
 */
export function encodeMessage(channel: number, command: number, data: Uint8Array): Uint8Array[] {
  const { length } = data;
  if (length > MAX_MESSAGE_SIZE) {
    throw new RangeError(`expected a CTAPHID message of at most ${MAX_MESSAGE_SIZE} bytes, got ${length}`);
  }
  const first = encodePacket(channel, command | INIT_BIT, INIT_HEADER, data, 0);
  first[5] = length >> 8;
  first[6] = length & 0xff;
  const packets = [first];
  for (let sequence = 0, taken = INIT_PAYLOAD; taken < length; sequence++, taken += CONTINUATION_PAYLOAD) {
    packets.push(encodePacket(channel, sequence, CONTINUATION_HEADER, data, taken));
  }
  return packets;
}

/** A packet with what of `data` fits in after its header. V8 keeps 64 bytes on its own heap, and a loop beats views there. */
function encodePacket(channel: number, marker: number, header: number, data: Uint8Array, from: number): Uint8Array {
  const packet = new Uint8Array(PACKET_SIZE);
  packet[0] = channel >>> 24;
  packet[1] = channel >> 16;
  packet[2] = channel >> 8;
  packet[3] = channel;
  packet[4] = marker;
  const count = Math.min(data.length - from, PACKET_SIZE - header);
  for (let i = 0; i < count; i++) packet[header + i] = data[from + i]!;
  return packet;
}
