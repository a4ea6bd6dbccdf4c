/** RADIUS packets as bytes and as values: RFC 2865 §3 and §5. */

/** Packet codes of RFC 2865 §4, and Status-Server of RFC 5997 §3. */
export const RadiusCode = {
  accessRequest: 1,
  accessAccept: 2,
  accessReject: 3,
  accessChallenge: 11,
  statusServer: 12,
} as const;

/** Attribute types of RFC 2865 §5 that the bridge reads or writes, and Message-Authenticator of RFC 3579 §3.2. */
export const AttributeType = {
  userName: 1,
  userPassword: 2,
  nasIpAddress: 4,
  replyMessage: 18,
  state: 24,
  callingStationId: 31,
  nasIdentifier: 32,
  proxyState: 33,
  messageAuthenticator: 80,
} as const;

export interface RadiusAttribute {
  readonly type: number;
  /** 0 to 253 bytes. */
  readonly value: Uint8Array;
}

export interface RadiusPacket {
  readonly code: number;
  /** 0 to 255. */
  readonly identifier: number;
  /** 16 bytes. */
  readonly authenticator: Uint8Array;
  readonly attributes: readonly RadiusAttribute[];
}

const HEADER_LENGTH = 20;
const MAXIMUM_LENGTH = 4096;
const MAXIMUM_VALUE_LENGTH = 253;

/** Bytes that are no RADIUS packet: RFC 2865 §3 wants them dropped without an answer. */
export class MalformedPacket extends Error {
  override readonly name = 'MalformedPacket';
}

/**
 * Reads a datagram. Bytes beyond the packet's own length are padding and are left out.
 * @throws MalformedPacket
 */
export function decodePacket(datagram: Uint8Array): RadiusPacket {
  const bytes = Uint8Array.from(datagram);
  if (bytes.length < HEADER_LENGTH) {
    throw new MalformedPacket(`expected at least ${HEADER_LENGTH} bytes, got ${bytes.length}`);
  }
  const length = (bytes[2]! << 8) | bytes[3]!;
  if (length < HEADER_LENGTH || length > MAXIMUM_LENGTH || length > bytes.length) {
    throw new MalformedPacket(
      `length: expected ${HEADER_LENGTH} to ${Math.min(MAXIMUM_LENGTH, bytes.length)}, got ${length}`,
    );
  }
  const attributes: RadiusAttribute[] = [];
  for (let at = HEADER_LENGTH; at < length; ) {
    const size = bytes[at + 1];
    if (size === undefined || size < 2 || at + size > length) {
      throw new MalformedPacket(`attribute at ${at}: expected a length within the packet, got ${size}`);
    }
    attributes.push({ type: bytes[at]!, value: bytes.slice(at + 2, at + size) });
    at += size;
  }
  return {
    code: bytes[0]!,
    identifier: bytes[1]!,
    authenticator: bytes.slice(4, HEADER_LENGTH),
    attributes,
  };
}

/**
 * The bytes of a packet.
 * @throws RangeError for a value over 253 bytes, or a packet over 4096
 */
export function encodePacket({ code, identifier, authenticator, attributes }: RadiusPacket): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { type, value } of attributes) {
    if (value.length > MAXIMUM_VALUE_LENGTH) {
      throw new RangeError(`attribute ${type}: expected at most ${MAXIMUM_VALUE_LENGTH} bytes, got ${value.length}`);
    }
    parts.push(Uint8Array.of(type, value.length + 2), value);
  }
  const body = Buffer.concat(parts);
  const length = HEADER_LENGTH + body.length;
  if (length > MAXIMUM_LENGTH) throw new RangeError(`packet: expected at most ${MAXIMUM_LENGTH} bytes, got ${length}`);
  return Buffer.concat([Uint8Array.of(code, identifier, length >> 8, length & 0xff), authenticator, body]);
}

/** The values of every attribute of a type, in their order. */
export function valuesOf(packet: RadiusPacket, type: number): readonly Uint8Array[] {
  return packet.attributes.filter((attribute) => attribute.type === type).map(({ value }) => value);
}

/** The value of the only attribute of a type; undefined where there is none or more than one. */
export function onlyValueOf(packet: RadiusPacket, type: number): Uint8Array | undefined {
  const values = valuesOf(packet, type);
  return values.length === 1 ? values[0] : undefined;
}
