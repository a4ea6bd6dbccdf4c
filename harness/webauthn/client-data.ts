/** CollectedClientData and its serialisation: WebAuthn Level 3 §5.8.1. */
import { toBase64Url, utf8 } from '../../ctap/bytes.ts';

export interface CollectedClientData {
  readonly type: 'webauthn.create' | 'webauthn.get';
  readonly challenge: Uint8Array;
  /** The caller's origin, serialised. */
  readonly origin: string;
  /** True where an ancestor of the caller's frame has another origin. */
  readonly crossOrigin: boolean;
  /** The top-level page's origin; only where crossOrigin is true. */
  readonly topOrigin?: string | undefined;
}

/** CCDToString (§5.8.1.1): escapes only the quotation mark, the backslash and what is below U+0020. Lone surrogates become U+FFFD when encoded. */
function toQuoted(text: string): string {
  let quoted = '"';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character === '"' || character === '\\') quoted += `\\${character}`;
    else if (code < 0x20) quoted += `\\u${code.toString(16).padStart(4, '0')}`;
    else quoted += character;
  }
  return `${quoted}"`;
}

/** UTF-8 bytes in the member order on which the limited verification algorithm (§5.8.1.2) relies. */
export function serializeClientData(data: CollectedClientData): Uint8Array {
  const members = [
    `"type":${toQuoted(data.type)}`,
    `"challenge":${toQuoted(toBase64Url(data.challenge))}`,
    `"origin":${toQuoted(data.origin)}`,
    `"crossOrigin":${data.crossOrigin}`,
  ];
  if (data.topOrigin !== undefined) members.push(`"topOrigin":${toQuoted(data.topOrigin)}`);
  return utf8(`{${members.join(',')}}`);
}
