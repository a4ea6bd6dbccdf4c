/** Tools for the keys of a lab, and for the hand that holds them. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import type { LabClient, NewLabKey } from '../lab/lab-client.ts';
import { answering, KEY, WAIT } from './tool-answers.ts';

const LOOKS = { readOnlyHint: true } as const;
const DELETES = { destructiveHint: true } as const;

export function keyTools(server: McpServer, lab: LabClient): void {
  server.registerTool(
    'list_keys',
    {
      description: 'All keys: what they are, whether they are plugged in, what they ask, their PIN',
      annotations: LOOKS,
    },
    () => answering(async () => ({ keys: await lab.keys() })),
  );
  server.registerTool(
    'create_key',
    {
      description: 'Makes a key and plugs it in',
      inputSchema: {
        model: z.string().optional().describe('As token2-r3, token2-bio3, u2f-only, ctap2.3-everything'),
        touch: z.string().optional().describe('auto, manual, deny or after=MS'),
        transports: z.array(z.string()).optional().describe('uhid, udp, udp:PORT, vpcd or vpcd:PORT'),
      },
    },
    (options) => answering(() => lab.createKey(given(options))),
  );
  server.registerTool(
    'delete_key',
    {
      description: 'Pulls a key out and forgets it with all that it holds',
      inputSchema: { key: KEY },
      annotations: DELETES,
    },
    ({ key }) => answering(() => lab.deleteKey(key)),
  );
  server.registerTool(
    'reset_key',
    {
      description: 'Erases passkeys, PIN, fingers and settings of a key',
      inputSchema: { key: KEY },
      annotations: DELETES,
    },
    ({ key }) => answering(() => lab.reset(key)),
  );
  server.registerTool(
    'insert_key',
    { description: 'Plugs a key in: its power-up', inputSchema: { key: KEY } },
    ({ key }) => answering(() => lab.insert(key)),
  );
  server.registerTool(
    'remove_key',
    { description: 'Pulls a key out, in the middle of whatever it does', inputSchema: { key: KEY } },
    ({ key }) => answering(() => lab.remove(key)),
  );
  server.registerTool(
    'touch_key',
    {
      description: 'A finger on the key: answers what has waited longest, else types a password',
      inputSchema: { key: KEY, press: z.enum(['short', 'long']).default('short') },
    },
    ({ key, press }) => answering(() => lab.touch(key, press)),
  );
  server.registerTool(
    'deny_touch',
    { description: 'Refuses what the key asks a touch for', inputSchema: { key: KEY } },
    ({ key }) => answering(() => lab.deny(key)),
  );
  server.registerTool(
    'set_touch_policy',
    {
      description: 'How a key’s next questions for a touch are answered',
      inputSchema: { key: KEY, touch: z.string().describe('auto, manual, deny or after=MS') },
    },
    ({ key, touch }) => answering(() => lab.setTouchPolicy(key, touch)),
  );
  server.registerTool(
    'wait_for_touch',
    {
      description: 'Waits until a key asks for a touch: for which site, which account, which operation',
      inputSchema: { key: KEY, wait: WAIT },
      annotations: LOOKS,
    },
    ({ key, wait }) => answering(async () => ({ pending: await lab.pending(key, wait) })),
  );
  server.registerTool(
    'wait_until_idle',
    {
      description: 'Waits until a key neither works nor asks for anything',
      inputSchema: { key: KEY, wait: WAIT },
      annotations: LOOKS,
    },
    ({ key, wait }) => answering(async () => ({ idle: await lab.idle(key, wait) })),
  );
  server.registerTool(
    'set_pin',
    {
      description: 'Gives a key a PIN, whatever it had; all its retries are back',
      inputSchema: { key: KEY, pin: z.string().min(1) },
    },
    ({ key, pin }) => answering(() => lab.setPin(key, pin)),
  );
  server.registerTool(
    'list_passkeys',
    { description: 'The passkeys on a key', inputSchema: { key: KEY }, annotations: LOOKS },
    ({ key }) => answering(async () => ({ passkeys: await lab.passkeys(key) })),
  );
  server.registerTool(
    'delete_passkey',
    {
      description: 'Deletes a passkey from a key',
      inputSchema: { key: KEY, credentialId: z.string().describe('base64url') },
      annotations: DELETES,
    },
    ({ key, credentialId }) => answering(() => lab.deletePasskey(key, credentialId)),
  );
  server.registerTool(
    'one_time_passwords',
    {
      description: 'What a touch of the key types, and its entries with their codes of now',
      inputSchema: { key: KEY },
      annotations: LOOKS,
    },
    ({ key }) => answering(() => lab.otp(key)),
  );
  server.registerTool(
    'type_password',
    {
      description: 'Touches an idle key, so that it types its next one-time password',
      inputSchema: { key: KEY, press: z.enum(['short', 'long']).default('short') },
    },
    ({ key, press }) => answering(async () => ({ text: await lab.type(key, press) })),
  );
}

/** Without the members that were left out. */
function given(options: { readonly [Name in keyof NewLabKey]: NewLabKey[Name] | undefined }): NewLabKey {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
