/** Which WebDriver commands are ours: the endpoints of WebAuthn Level 3 §11. */
import { WebDriverError } from './error.ts';
import type { VirtualAuthenticators } from './virtual-authenticators.ts';

type Command = (authenticators: VirtualAuthenticators, words: readonly string[], body: unknown) => Promise<unknown>;
type Method = 'GET' | 'POST' | 'DELETE';

/** Below `/session/ID/webauthn/`; `*` stands for an id, which the command gets. */
const COMMANDS: Readonly<Record<string, Partial<Record<Method, Command>>>> = {
  authenticator: { POST: (keys, _, body) => keys.add(body) },
  'authenticator/*': { DELETE: (keys, [id]) => keys.remove(id!) },
  'authenticator/*/credential': { POST: (keys, [id], body) => keys.addCredential(id!, body) },
  'authenticator/*/credentials': {
    GET: (keys, [id]) => keys.getCredentials(id!),
    DELETE: (keys, [id]) => keys.removeAllCredentials(id!),
  },
  'authenticator/*/credentials/*': { DELETE: (keys, [id, credential]) => keys.removeCredential(id!, credential!) },
  'authenticator/*/credentials/*/props': {
    POST: (keys, [id, credential], body) => keys.setCredentialProperties(id!, credential!, body),
  },
  'authenticator/*/uv': { POST: (keys, [id], body) => keys.setUserVerified(id!, body) },
};

/**
 * Carries out a command.
 * @param path what follows `/webauthn/`
 * @throws WebDriverError
 */
export async function runCommand(
  authenticators: VirtualAuthenticators,
  method: string,
  path: string,
  body: unknown,
): Promise<unknown> {
  const words = path.split('/').map(decodeURIComponent);
  for (const [pattern, methods] of Object.entries(COMMANDS)) {
    const parts = pattern.split('/');
    if (parts.length !== words.length || parts.some((part, at) => part !== '*' && part !== words[at])) continue;
    const command = methods[method as Method];
    if (command === undefined) {
      throw new WebDriverError('unknown method', `expected ${Object.keys(methods).join(' or ')}, got ${method}`);
    }
    return (
      (await command(
        authenticators,
        words.filter((_, at) => parts[at] === '*'),
        body,
      )) ?? null
    );
  }
  throw new WebDriverError('unknown command', `there is no command webauthn/${path}`);
}
