/** A site on Better Auth with its passkey plugin and its memory adapter. */
import { passkey } from '@better-auth/passkey';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { type RelyingParty, serveRelyingParty } from './relying-party.ts';

export function openBetterAuth(): Promise<RelyingParty> {
  let handle: ReturnType<typeof toNodeHandler> | undefined;
  return serveRelyingParty('better-auth-page.ts', (request, response, origin) => {
    if (!request.url?.startsWith('/api/auth/')) return undefined;
    handle ??= toNodeHandler(
      betterAuth({
        baseURL: origin,
        secret: 'a secret that is long enough for everybody here',
        database: memoryAdapter({ user: [], session: [], account: [], verification: [], passkey: [] }),
        emailAndPassword: { enabled: true },
        telemetry: { enabled: false },
        rateLimit: { enabled: false },
        plugins: [passkey({ rpID: 'localhost', rpName: 'Example', origin })],
      }),
    );
    return handle(request, response);
  });
}
