/** CTAP2 messages as JSON that people read: members by the specification's names, bytes in hexadecimal. */
import { decodeAuthenticatorData } from '../authenticator-data.ts';
import { toHex } from '../bytes.ts';
import { type CborMap, type CborValue, decodeCbor } from '../cbor.ts';
import { commandName } from '../commands/index.ts';
import { Flag } from '../flags.ts';
import { statusName } from '../status.ts';
import type { Json } from './entry.ts';
import { Secrets } from './secrets.ts';
import { type CommandShape, commandShape, coseKeyShape, EXTENSION_OUTPUTS, type Inside, type Shape } from './shapes.ts';

export type JsonObject = { readonly [name: string]: Json };

/** What a message says. */
export interface Explained {
  readonly name: string;
  readonly subcommand?: string | undefined;
  readonly status?: string | undefined;
  readonly failed?: boolean | undefined;
  readonly fields?: JsonObject | undefined;
  readonly problems?: readonly string[] | undefined;
  /** Bytes of the message from which on nothing was understood that might be secret. */
  readonly opaqueFrom?: number | undefined;
}

const SHOWN = { secrets: 'shown' } as const;
const NOTHING: Shape = { names: new Map(), inside: {} };
/** Where protocol one is meant by saying nothing (hmac-secret, CTAP 2.3 §12.7). */
const DEFAULT_PROTOCOL = 1;

/** What a CTAP2 request (command byte and CBOR) asks. */
export function explainRequest(bytes: Uint8Array): { [name: string]: Json } {
  const { name, subcommand, fields, problems } = explainCommand(bytes, new Secrets(SHOWN));
  return {
    command: name,
    ...(subcommand === undefined ? {} : { subcommand }),
    ...(fields === undefined ? {} : { parameters: fields }),
    ...(problems === undefined ? {} : { undecodable: problems.join('; ') }),
  };
}

/** What a key has answered (status byte and CBOR) to that request. */
export function explainResponse(request: Uint8Array, bytes: Uint8Array): { [name: string]: Json } {
  const { status = '', fields, problems } = explainAnswer(request[0], bytes, new Secrets(SHOWN));
  return {
    status,
    ...(fields === undefined ? {} : { members: fields }),
    ...(problems === undefined ? {} : { undecodable: problems.join('; ') }),
  };
}

/** A CTAP2 request, for a trace. Never throws. */
export function explainCommand(bytes: Uint8Array, secrets: Secrets): Explained {
  const [code] = bytes;
  if (code === undefined) return { name: 'nothing', problems: ['expected a command byte, got nothing'] };
  const command = commandShape(code);
  const name = commandName(code);
  const body = explainBody(bytes, command, command.request, secrets, true);
  return { name, subcommand: body.map && subcommandOf(command, body.map), ...body.explained };
}

/** The answer to a request whose command byte is known, or not. Never throws. */
export function explainAnswer(code: number | undefined, bytes: Uint8Array, secrets: Secrets): Explained {
  const name = code === undefined ? 'unknown command' : commandName(code);
  const [status] = bytes;
  if (status === undefined) return { name, failed: true, problems: ['expected a status byte, got nothing'] };
  const command = commandShape(code);
  const { explained } = explainBody(bytes, command, command.response, secrets, false);
  return { name, status: statusName(status), failed: status !== 0, ...explained };
}

function subcommandOf({ subcommand }: CommandShape, map: CborMap): string | undefined {
  const code = subcommand && map.get(subcommand.key);
  return typeof code === 'number' ? (subcommand?.names.get(code) ?? `subcommand ${code}`) : undefined;
}

interface Body {
  readonly map?: CborMap;
  readonly explained: Pick<Explained, 'fields' | 'problems' | 'opaqueFrom'>;
}

/** What follows the first byte. */
function explainBody(
  bytes: Uint8Array,
  command: CommandShape,
  shape: Shape | undefined,
  secrets: Secrets,
  agrees: boolean,
): Body {
  if (bytes.length === 1) return { explained: {} };
  const opaqueFrom = command.open === true ? undefined : 1;
  try {
    const value = decodeCbor(bytes.subarray(1));
    if (!(value instanceof Map)) {
      return { explained: { problems: [`expected a map, got ${JSON.stringify(plain(value))}`], opaqueFrom } };
    }
    return { map: value, explained: { fields: new MapReader(secrets, agrees).read(value, shape ?? NOTHING) } };
  } catch (error) {
    return { explained: { problems: [error instanceof Error ? error.message : String(error)], opaqueFrom } };
  }
}

/** Names the members of maps, and keeps their secrets. */
class MapReader {
  readonly #secrets: Secrets;
  /** Whether a keyAgreement in it is the platform's, which begins a shared secret. */
  readonly #agrees: boolean;

  constructor(secrets: Secrets, agrees: boolean) {
    this.#secrets = secrets;
    this.#agrees = agrees;
  }

  read(map: CborMap, { names, inside }: Shape): JsonObject {
    const named = [...map].map(([key, value]) => [names.get(key) ?? String(key), value] as const);
    if (this.#agrees) this.#agree(new Map(named));
    return Object.fromEntries(
      named.map(([name, value]) => [
        name,
        this.#member(value, Object.hasOwn(inside, name) ? inside[name] : undefined, map),
      ]),
    );
  }

  #agree(members: ReadonlyMap<string, CborValue>): void {
    const key = members.get('keyAgreement');
    const version = members.get('pinUvAuthProtocol') ?? DEFAULT_PROTOCOL;
    if (key instanceof Map && typeof version === 'number') this.#secrets.agree(key, version);
  }

  #member(value: CborValue, inside: Inside | undefined, around: CborMap): Json {
    if (Array.isArray(value)) return value.map((item) => this.#member(item, inside, around));
    if (value instanceof Uint8Array) {
      if (inside === 'secret') return this.#secrets.tell(value);
      if (inside === 'encrypted') return this.#secrets.tellEncrypted(value);
      return inside === 'authenticatorData' ? this.#authenticatorData(value) : toHex(value);
    }
    if (!(value instanceof Map)) return plain(value);
    const shape = typeof inside === 'function' ? inside(value, around) : inside;
    return this.read(value, typeof shape === 'object' ? shape : NOTHING);
  }

  #authenticatorData(bytes: Uint8Array): Json {
    try {
      const { rpIdHash, flags, signCount, attestedCredentialData, extensions } = decodeAuthenticatorData(bytes);
      const names = Object.entries(Flag).filter(([, bit]) => (flags & bit) !== 0);
      const key = attestedCredentialData?.credentialPublicKey;
      return {
        rpIdHash: toHex(rpIdHash),
        flags: names.map(([name]) => name),
        signCount,
        ...(attestedCredentialData && {
          aaguid: toHex(attestedCredentialData.aaguid),
          credentialId: toHex(attestedCredentialData.credentialId),
        }),
        ...(key && { credentialPublicKey: this.read(key, coseKeyShape(key)) }),
        ...(extensions && { extensions: this.read(extensions, EXTENSION_OUTPUTS) }),
      };
    } catch (error) {
      // An output of hmac-secret may be in it.
      return { undecodable: error instanceof Error ? error.message : String(error), bytes: this.#secrets.tell(bytes) };
    }
  }
}

/** A value without names of its own. */
export function plain(value: CborValue): Json {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]));
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return String(value);
  return value;
}
