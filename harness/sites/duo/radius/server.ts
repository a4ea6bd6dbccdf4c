import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { isLoopback } from '../guards.ts';
import { judgeRequest, revealPassword, signAnswer } from './authenticators.ts';
import { type AccessAnswer, RadiusBridge, type RadiusLogin, type RadiusMode } from './bridge.ts';
import { Duplicates } from './duplicates.ts';
import {
  AttributeType,
  decodePacket,
  MalformedPacket,
  onlyValueOf,
  RadiusCode,
  type RadiusPacket,
  valuesOf,
} from './packet.ts';

export interface RadiusServerOptions {
  readonly login: RadiusLogin;
  /** Shared with the clients. */
  readonly secret: string;
  /** Default `challenge`. */
  readonly mode?: RadiusMode | undefined;
  /** Address to bind, default 127.0.0.1; one that other machines reach needs `exposed`. */
  readonly host?: string | undefined;
  readonly exposed?: boolean | undefined;
  /** UDP port; default 0, any that is free. */
  readonly port?: number | undefined;
  /** Whether a request without Message-Authenticator is dropped; default true (CVE-2024-3596). */
  readonly requireMessageAuthenticator?: boolean | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** Told of each packet that is dropped, and why. */
  readonly log?: ((line: string) => void) | undefined;
}

export interface RadiusServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });
const MAXIMUM_MESSAGE_LENGTH = 253;

/** Serves RADIUS logins (RFC 2865, PAP) over UDP until closed. */
export async function startRadiusServer(options: RadiusServerOptions): Promise<RadiusServer> {
  const { host = '127.0.0.1', port = 0, now = Date.now, requireMessageAuthenticator = true } = options;
  if (options.exposed !== true && !isLoopback(host)) {
    throw new Error(`host: expected a loopback address, got ${host}; another one must be allowed explicitly`);
  }
  if (options.secret === '') throw new Error('secret: expected at least one character, got none');
  const secret = Buffer.from(options.secret);
  const log = options.log ?? (() => undefined);
  const bridge = new RadiusBridge(options.login, options.mode ?? 'challenge', now);
  const duplicates = new Duplicates(now);
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');

  async function answerTo(request: RadiusPacket, sender: RemoteInfo): Promise<Uint8Array> {
    if (request.code === RadiusCode.statusServer) return signAnswer(request, secret, RadiusCode.accessAccept, []);
    const username = text(onlyValueOf(request, AttributeType.userName));
    const hidden = onlyValueOf(request, AttributeType.userPassword);
    const password = hidden && text(revealPassword(hidden, secret, request.authenticator));
    if (username === undefined || password === undefined) {
      return render(request, { kind: 'reject', message: 'A user name and a password (PAP) are needed, as UTF-8.' });
    }
    const address = text(onlyValueOf(request, AttributeType.callingStationId)) ?? sender.address;
    const state = onlyValueOf(request, AttributeType.state);
    return render(request, await bridge.decide({ username, password, state, address, client: sender.address }));
  }

  function render(request: RadiusPacket, answer: AccessAnswer): Uint8Array {
    const message = {
      type: AttributeType.replyMessage,
      value: Buffer.from(answer.message).subarray(0, MAXIMUM_MESSAGE_LENGTH),
    };
    switch (answer.kind) {
      case 'accept':
        return signAnswer(request, secret, RadiusCode.accessAccept, [message]);
      case 'reject':
        return signAnswer(request, secret, RadiusCode.accessReject, [message]);
      case 'challenge': {
        const state = { type: AttributeType.state, value: answer.state };
        return signAnswer(request, secret, RadiusCode.accessChallenge, [message, state]);
      }
    }
  }

  /** Why a packet gets no answer; undefined where it gets one. */
  function reasonToDrop(request: RadiusPacket): string | undefined {
    const isStatus = request.code === RadiusCode.statusServer;
    if (!isStatus && request.code !== RadiusCode.accessRequest) return `code ${request.code} is no login`;
    const authenticity = judgeRequest(request, secret);
    if (authenticity === 'forged') return 'its Message-Authenticator is wrong: the secrets differ, or it was changed';
    if (authenticity === 'genuine') return undefined;
    if (isStatus || requireMessageAuthenticator) return 'it has no Message-Authenticator';
    const proxied = valuesOf(request, AttributeType.proxyState).length > 0;
    return proxied ? 'it has Proxy-State without Message-Authenticator' : undefined;
  }

  async function receive(datagram: Uint8Array, sender: RemoteInfo): Promise<void> {
    const request = decodePacket(datagram);
    const reason = reasonToDrop(request);
    if (reason !== undefined) return log(`RADIUS: dropped a packet of ${sender.address}: ${reason}`);
    const authenticator = Buffer.from(request.authenticator).toString('hex');
    const key = `${sender.address} ${sender.port} ${request.code} ${request.identifier} ${authenticator}`;
    const answer = await duplicates.answer(key, () => answerTo(request, sender));
    if (closed) return;
    socket.send(answer, sender.port, sender.address, (error) => {
      if (error !== null) log(`RADIUS: no answer could be sent to ${sender.address}: ${error.message}`);
    });
  }

  let closed = false;
  socket.on('message', (datagram, sender) => {
    receive(datagram, sender).catch((error: unknown) => {
      if (!(error instanceof MalformedPacket)) console.error(error);
      log(`RADIUS: dropped a packet of ${sender.address}: ${error instanceof Error ? error.message : String(error)}`);
    });
  });
  socket.bind(port, host);
  await once(socket, 'listening');
  return {
    host,
    port: socket.address().port,
    close: async () => {
      closed = true;
      socket.close();
      await once(socket, 'close');
    },
  };
}

function text(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}
