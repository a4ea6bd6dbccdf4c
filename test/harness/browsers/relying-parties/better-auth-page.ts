/// <reference lib="dom" />
/** The page of a site that uses Better Auth's client and its passkey plugin. */
import { passkeyClient } from '@better-auth/passkey/client';
import { createAuthClient } from 'better-auth/client';
import { offer } from './in-page.ts';

const auth = createAuthClient({ baseURL: location.origin, plugins: [passkeyClient()] });

interface Result {
  readonly error?: { readonly message?: string | undefined; readonly statusText?: string | undefined } | null;
}

/** Better Auth returns its errors. */
function unwrap({ error }: Result): void {
  if (error) throw new Error(error.message ?? error.statusText);
}

offer({
  async register() {
    const person = { email: `${crypto.randomUUID()}@example.com`, password: crypto.randomUUID(), name: 'Alice' };
    unwrap(await auth.signUp.email(person));
    unwrap((await auth.passkey.addPasskey({ name: 'A security key' })) as Result);
    unwrap(await auth.signOut());
  },
  async signIn() {
    unwrap((await auth.signIn.passkey()) as Result);
    const { data } = await auth.getSession();
    if (data?.user.name !== 'Alice') throw new Error('nobody is signed in');
    unwrap(await auth.signOut());
  },
});
