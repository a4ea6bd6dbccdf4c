/** A lab for programs that speak the Model Context Protocol: the verbs of the control API as tools, and signing in. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { LabClient } from '../lab/lab-client.ts';
import { keyTools } from './key-tools.ts';
import { signInTools } from './sign-in-tools.ts';
import { worldTools } from './world-tools.ts';

const INSTRUCTIONS = `Virtual FIDO2 security keys for testing login pages. To sign in to a page that you test:
take the options that the page passes to navigator.credentials.create or get (as JSON), call register_passkey or
sign_in with the page's origin, and hand the page what comes back. A key asks for touches: with its policy "auto" it is
touched at once, with "manual" call wait_for_touch and touch_key meanwhile. All keys are software; nothing is spent.`;

export interface LabServerOptions {
  readonly lab: LabClient;
  readonly version: string;
}

export function createLabServer({ lab, version }: LabServerOptions): McpServer {
  const server = new McpServer({ name: 'ctaplab', version }, { instructions: INSTRUCTIONS });
  keyTools(server, lab);
  worldTools(server, lab);
  signInTools(server, lab);
  return server;
}
