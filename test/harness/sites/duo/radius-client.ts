import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  AttributeType,
  decodePacket,
  encodePacket,
  RadiusCode,
  type RadiusPacket,
} from '../../../../harness/sites/duo/radius/packet.ts';

export interface Login {
  username: string | Uint8Array;
  password: string;
  state?: Uint8Array;
  secret?: string;
  /** Default true. */
  signed?: boolean;
  proxyState?: string;
}

/** A RADIUS client that can misbehave. */
export class RadiusClient {
  readonly #socket: Socket = createSocket('udp4');
  readonly #port: number;
  readonly #secret: string;
  #identifier = 0;

  constructor(port: number, secret: string) {
    this.#port = port;
    this.#secret = secret;
  }

  /** The bytes of an Access-Request with a password by PAP. */
  request({ username, password, state, secret = this.#secret, signed = true, proxyState }: Login): Uint8Array {
    const authenticator = randomBytes(16);
    const packet = {
      code: RadiusCode.accessRequest,
      identifier: this.#identifier++ & 0xff,
      authenticator,
      attributes: [
        ...(signed ? [{ type: AttributeType.messageAuthenticator, value: Buffer.alloc(16) }] : []),
        { type: AttributeType.userName, value: typeof username === 'string' ? Buffer.from(username) : username },
        { type: AttributeType.userPassword, value: hide(password, secret, authenticator) },
        ...(state === undefined ? [] : [{ type: AttributeType.state, value: state }]),
        ...(proxyState === undefined ? [] : [{ type: AttributeType.proxyState, value: Buffer.from(proxyState) }]),
      ],
    };
    if (signed) packet.attributes[0]!.value = createHmac('md5', secret).update(encodePacket(packet)).digest();
    return encodePacket(packet);
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.#port, '127.0.0.1');
  }

  async receive(): Promise<RadiusPacket> {
    const [bytes] = (await once(this.#socket, 'message')) as [Buffer];
    return decodePacket(bytes);
  }

  async login(login: Login): Promise<RadiusPacket> {
    const answer = this.receive();
    this.send(this.request(login));
    return answer;
  }

  close(): void {
    this.#socket.close();
  }
}

function hide(password: string, secret: string, authenticator: Uint8Array): Buffer {
  const clear = Buffer.from(password);
  const padded = Buffer.concat([clear, Buffer.alloc((16 - (clear.length % 16)) % 16)]);
  let previous: Uint8Array = authenticator;
  for (let at = 0; at < padded.length; at += 16) {
    const pad = createHash('md5').update(secret).update(previous).digest();
    for (let i = 0; i < 16; i++) padded[at + i]! ^= pad[i]!;
    previous = padded.subarray(at, at + 16);
  }
  return padded;
}
