/** The page of a site that uses @simplewebauthn/browser. */
import {
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from '@simplewebauthn/browser';
import { offer, post } from './in-page.ts';

offer({
  async register() {
    const optionsJSON = await post<PublicKeyCredentialCreationOptionsJSON>('/register/options');
    return post('/register', await startRegistration({ optionsJSON }));
  },
  async signIn() {
    const optionsJSON = await post<PublicKeyCredentialRequestOptionsJSON>('/sign-in/options');
    return post('/sign-in', await startAuthentication({ optionsJSON }));
  },
});
