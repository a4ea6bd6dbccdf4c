/**
 * Loaded before a program that uses one of Duo's SDKs. They trust the authorities of Duo's own servers alone (so that
 * NODE_EXTRA_CA_CERTS means nothing to them) and take the host to be on port 443: this makes every HTTPS connection of
 * the process go to the service on this machine, and trust the authority of a file. The SDKs stay as they are.
 */
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { env } from 'node:process';

const { SERVICE_CA, SERVICE_PORT } = env;
if (SERVICE_CA === undefined || SERVICE_PORT === undefined) throw new Error('expected SERVICE_CA and SERVICE_PORT');
const ca = readFileSync(SERVICE_CA);

/** What an agent opens its connections by; it is not in Node's types. */
interface Connecting {
  createConnection(options: object, listener: unknown): unknown;
}
const prototype = Agent.prototype as unknown as Connecting;
const connect = prototype.createConnection;
prototype.createConnection = function (options, listener) {
  // The name in the certificate is still checked: it is `servername`.
  const target = { ca, host: '127.0.0.1', port: Number(SERVICE_PORT) };
  return connect.call(this, { ...options, ...target }, listener);
};
