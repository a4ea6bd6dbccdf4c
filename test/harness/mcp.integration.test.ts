import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../../dist/harness/cli/main.js');
const ORIGIN = 'https://login.example.com';
const RP_ID = 'example.com';

let folder: string;
let client: Client;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-mcp-'));
  client = new Client({ name: 'test', version: '1' });
  const args = [MAIN, 'mcp', '--transport', 'udp', '--touch', 'manual', '--model', 'token2-r3'];
  // No lab of somebody else is found in an empty folder.
  const env = { PATH: process.env.PATH ?? '', HOME: folder, XDG_STATE_HOME: folder };
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env }));
});
afterAll(async () => {
  await client.close();
  rmSync(folder, { recursive: true });
});

/** Calls a tool; what it says, as JSON. */
async function call(name: string, input: object = {}) {
  const { content, isError } = await client.callTool({ name, arguments: { ...input } });
  const [first] = content as { text: string }[];
  if (isError) throw new Error(first!.text);
  return JSON.parse(first!.text);
}

/** Calls a tool whose ceremony waits for a touch, and touches. */
async function touched(name: string, input: object) {
  const outcome = call(name, input);
  const { pending } = await call('wait_for_touch', { key: '1' });
  await call('touch_key', { key: '1' });
  return { pending, response: await outcome };
}

describe('a program that speaks MCP', () => {
  it('is told which tools there are, and what they take', async () => {
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name);
    for (const name of ['list_keys', 'touch_key', 'deny_touch', 'insert_key', 'remove_key', 'set_clock', 'sign_in']) {
      expect(names).toContain(name);
    }
    for (const { description, inputSchema } of tools) {
      expect(description).toBeTruthy();
      expect(inputSchema.type).toBe('object');
    }
    expect(client.getInstructions()).toContain('register_passkey');
  });

  it('registers at a site and signs in', async () => {
    const creation = await generateRegistrationOptions({
      rpName: 'Example',
      rpID: RP_ID,
      userName: 'alice',
      authenticatorSelection: { residentKey: 'required' },
    });
    const made = await touched('register_passkey', { origin: ORIGIN, options: creation });
    expect(made.pending).toMatchObject([{ operation: 'makeCredential', rpId: RP_ID, userName: 'alice' }]);
    const registration = await verifyRegistrationResponse({
      response: made.response,
      expectedChallenge: creation.challenge,
      expectedOrigin: ORIGIN,
      expectedRPID: RP_ID,
      requireUserVerification: false,
    });
    expect(registration.verified).toBe(true);
    expect((await call('list_passkeys', { key: '1' })).passkeys).toMatchObject([{ rp: { id: RP_ID } }]);

    const request = await generateAuthenticationOptions({ rpID: RP_ID, userVerification: 'discouraged' });
    const { response } = await touched('sign_in', { origin: ORIGIN, options: request });
    const { verified } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: request.challenge,
      expectedOrigin: ORIGIN,
      expectedRPID: RP_ID,
      credential: registration.registrationInfo!.credential,
      requireUserVerification: false,
    });
    expect(verified).toBe(true);
  });

  it('is told in a sentence what does not work', async () => {
    await expect(call('touch_key', { key: '1' })).rejects.toThrow('nothing waits for key 1');
    await expect(call('touch_key', { key: '9' })).rejects.toThrow('there is no key "9"');
    const options = await generateAuthenticationOptions({ rpID: RP_ID });
    const elsewhere = call('sign_in', { origin: 'https://evil.example', options });
    await expect(elsewhere).rejects.toThrow(/SecurityError/);
    const denied = call('sign_in', { origin: ORIGIN, options: { ...options, userVerification: 'discouraged' } });
    await call('wait_for_touch', { key: '1' });
    await call('deny_touch', { key: '1' });
    await expect(denied).rejects.toThrow(/NotAllowedError/);
  });

  it('moves the world around the keys', async () => {
    expect(await call('set_clock', { frozen: true })).toMatchObject({ frozen: true });
    await expect(call('set_clock', {})).rejects.toThrow('exactly one');
    await call('set_clock', { system: true });
    expect(await call('remove_key', { key: '1' })).toEqual({ done: true });
    expect((await call('list_keys')).keys[0]).toMatchObject({ inserted: false, led: 'off' });
    await call('insert_key', { key: '1' });
    const { faults } = await call('list_faults');
    expect(await call('set_fault', { key: '1', fault: faults[0].id })).toEqual({ active: [faults[0].id] });
    expect(await call('set_fault', { key: '1', fault: faults[0].id, on: false })).toEqual({ active: [] });
    expect((await call('read_trace', { key: '1', last: 2 })).entries).toHaveLength(2);
    expect(await call('create_token', {})).toMatchObject({ model: 'c302-i' });
    expect((await call('list_tokens')).tokens).toHaveLength(1);
  });
});
