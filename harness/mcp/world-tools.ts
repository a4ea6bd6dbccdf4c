/** Tools for the world around the keys: time, misbehaviour, what was said, programmable tokens. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import type { ClockChangeJSON, LabClient } from '../lab/lab-client.ts';
import { answering, KEY } from './tool-answers.ts';

const LOOKS = { readOnlyHint: true } as const;

export function worldTools(server: McpServer, lab: LabClient): void {
  server.registerTool('get_clock', { description: 'The time of the lab', annotations: LOOKS }, () =>
    answering(() => lab.clock()),
  );
  server.registerTool(
    'set_clock',
    {
      description: 'Sets the clock of the lab, moves it on, stops it, or lets it run: exactly one of these',
      inputSchema: {
        set: z.iso.datetime({ offset: true }).optional(),
        advance: z.number().int().min(0).optional().describe('Milliseconds'),
        frozen: z.boolean().optional(),
        system: z.literal(true).optional().describe('Back to the system’s clock'),
      },
    },
    (change) => answering(() => lab.setClock(oneOf(change))),
  );
  server.registerTool('list_faults', { description: 'All faults that a key can be given', annotations: LOOKS }, () =>
    answering(async () => ({ faults: await lab.faults() })),
  );
  server.registerTool(
    'set_fault',
    {
      description: 'Lets a key misbehave in one way, or behave again',
      inputSchema: { key: KEY, fault: z.string().describe('As list_faults has it'), on: z.boolean().default(true) },
    },
    ({ key, fault, on }) => answering(async () => ({ active: await lab.setFault(key, fault, on) })),
  );
  server.registerTool(
    'read_trace',
    {
      description: 'What was said between hosts and a key, decoded; secrets are hidden',
      inputSchema: { key: KEY, last: z.number().int().min(1).max(1000).default(50).describe('How many messages') },
      annotations: LOOKS,
    },
    ({ key, last }) => answering(async () => ({ entries: (await lab.trace(key)).slice(-last) })),
  );
  server.registerTool(
    'list_tokens',
    { description: 'Programmable tokens, with the codes that they show now', annotations: LOOKS },
    () => answering(async () => ({ tokens: await lab.tokens() })),
  );
  server.registerTool(
    'create_token',
    {
      description: 'Makes a programmable token',
      inputSchema: {
        model: z.string().default('c302-i'),
        driftPpm: z.number().default(0).describe('Parts per million by which its clock runs fast'),
      },
    },
    (options) => answering(() => lab.createToken(options)),
  );
}

function oneOf(change: { readonly [name: string]: unknown }): ClockChangeJSON {
  const members = Object.entries(change).filter(([, value]) => value !== undefined);
  if (members.length === 1) return Object.fromEntries(members) as ClockChangeJSON;
  throw new RangeError(`expected exactly one of set, advance, frozen, system, got ${members.length} of them`);
}
