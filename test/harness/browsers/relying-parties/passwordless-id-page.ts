/** The page of a site that uses @passwordless-id/webauthn. */
import { client } from '@passwordless-id/webauthn';
import { offer, post } from './in-page.ts';

offer({
  async register() {
    const { challenge } = await post<{ challenge: string }>('/challenge');
    return post('/register', await client.register({ user: 'alice', challenge, discoverable: 'preferred' }));
  },
  async signIn() {
    const { challenge, allowCredentials } = await post<{ challenge: string; allowCredentials: string[] }>('/challenge');
    return post('/sign-in', await client.authenticate({ challenge, allowCredentials }));
  },
});
