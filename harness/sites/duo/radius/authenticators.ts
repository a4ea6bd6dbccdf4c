/** What a RADIUS shared secret proves and hides. MD5 is the protocol's; Message-Authenticator is what keeps it safe. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AttributeType, encodePacket, type RadiusAttribute, type RadiusPacket, valuesOf } from './packet.ts';

const BLOCK = 16;
const MAXIMUM_PASSWORD_LENGTH = 128;

const md5 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/**
 * The password of a User-Password attribute (RFC 2865 §5.2), without its padding of zeros.
 * @returns undefined where the attribute has not the length of a hidden password
 */
export function revealPassword(hidden: Uint8Array, secret: Uint8Array, authenticator: Uint8Array): Buffer | undefined {
  if (hidden.length === 0 || hidden.length % BLOCK !== 0 || hidden.length > MAXIMUM_PASSWORD_LENGTH) return undefined;
  const clear = Buffer.alloc(hidden.length);
  let previous = authenticator;
  for (let at = 0; at < hidden.length; at += BLOCK) {
    const pad = md5(secret, previous);
    for (let i = 0; i < BLOCK; i++) clear[at + i] = hidden[at + i]! ^ pad[i]!;
    previous = hidden.subarray(at, at + BLOCK);
  }
  let end = clear.length;
  while (end > 0 && clear[end - 1] === 0) end--;
  return clear.subarray(0, end);
}

/** HMAC-MD5 over the packet whose Message-Authenticator is all zeros (RFC 3579 §3.2). */
function messageAuthenticator(packet: RadiusPacket, secret: Uint8Array): Buffer {
  const attributes = packet.attributes.map((attribute) =>
    attribute.type === AttributeType.messageAuthenticator ? { ...attribute, value: new Uint8Array(BLOCK) } : attribute,
  );
  return createHmac('md5', secret)
    .update(encodePacket({ ...packet, attributes }))
    .digest();
}

/** What a request's Message-Authenticator says of its sender. */
export type Authenticity = 'genuine' | 'forged' | 'unsigned';

/** Judges a request by its Message-Authenticator, in constant time; more than one is a forgery. */
export function judgeRequest(request: RadiusPacket, secret: Uint8Array): Authenticity {
  const values = valuesOf(request, AttributeType.messageAuthenticator);
  const [value] = values;
  if (value === undefined) return 'unsigned';
  if (values.length > 1 || value.length !== BLOCK) return 'forged';
  return timingSafeEqual(value, messageAuthenticator(request, secret)) ? 'genuine' : 'forged';
}

/**
 * The bytes of an answer: Message-Authenticator first, where no chosen prefix can stand before it (CVE-2024-3596),
 * then the attributes, then the request's Proxy-State as it came (RFC 2865 §5.33), under the Response Authenticator (§3).
 */
export function signAnswer(
  request: RadiusPacket,
  secret: Uint8Array,
  code: number,
  attributes: readonly RadiusAttribute[],
): Uint8Array {
  const unsigned: RadiusPacket = {
    code,
    identifier: request.identifier,
    authenticator: request.authenticator,
    attributes: [
      { type: AttributeType.messageAuthenticator, value: new Uint8Array(BLOCK) },
      ...attributes,
      ...request.attributes.filter(({ type }) => type === AttributeType.proxyState),
    ],
  };
  const [placeholder, ...rest] = unsigned.attributes;
  const signed = {
    ...unsigned,
    attributes: [{ ...placeholder!, value: messageAuthenticator(unsigned, secret) }, ...rest],
  };
  return encodePacket({ ...signed, authenticator: md5(encodePacket(signed), secret) });
}
