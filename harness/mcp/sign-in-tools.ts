/** Tools that do what a browser does when a page asks for a passkey: the answer goes back to the page. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { LabSecurityKey } from '../browsers/outside-key.ts';
import type { LabClient } from '../lab/lab-client.ts';
import { WebAuthnClient } from '../webauthn/client.ts';
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '../webauthn/json.ts';
import { answering, KEY } from './tool-answers.ts';

const shared = {
  key: KEY.optional().describe('The id of a key; default: the first one'),
  origin: z.string().describe('The page’s, as https://example.com'),
  pin: z.string().optional().describe('What the user types where the page wants the user verified'),
};

export function signInTools(server: McpServer, lab: LabClient): void {
  const page = async <T>(
    { key, origin, pin }: { key?: string | undefined; origin: string; pin?: string | undefined },
    ceremony: (client: WebAuthnClient) => Promise<T>,
  ): Promise<T> => {
    const held = await LabSecurityKey.open({ lab: lab.address, key, pin });
    try {
      return await ceremony(
        new WebAuthnClient({ origin, authenticators: (signal) => held.devices(signal), ui: held.ui }),
      );
    } finally {
      await held.close();
    }
  };
  server.registerTool(
    'register_passkey',
    {
      description:
        'What navigator.credentials.create gives a page: a RegistrationResponseJSON. The key may ask for a touch',
      inputSchema: {
        ...shared,
        options: z
          .looseObject({ challenge: z.string() })
          .describe('PublicKeyCredentialCreationOptionsJSON of the page'),
      },
    },
    ({ options, ...who }) =>
      answering(() =>
        page(who, (client) => client.create(options as unknown as PublicKeyCredentialCreationOptionsJSON)),
      ),
  );
  server.registerTool(
    'sign_in',
    {
      description:
        'What navigator.credentials.get gives a page: an AuthenticationResponseJSON. The key may ask for a touch',
      inputSchema: {
        ...shared,
        options: z.looseObject({ challenge: z.string() }).describe('PublicKeyCredentialRequestOptionsJSON of the page'),
      },
    },
    ({ options, ...who }) =>
      answering(() => page(who, (client) => client.get(options as unknown as PublicKeyCredentialRequestOptionsJSON))),
  );
}
