/** Calls methods of @duosecurity/duo_universal's client, as an application would. */
import { Client, type ClientOptions } from '@duosecurity/duo_universal';
import { answerLines } from './lines.ts';

export interface UniversalRequest {
  readonly options: ClientOptions;
  readonly method: 'healthCheck' | 'generateState' | 'createAuthUrl' | 'exchangeAuthorizationCodeFor2FAResult';
  readonly words: readonly string[];
}

await answerLines<UniversalRequest>(async ({ options, method, words }) => {
  const client = new Client(options);
  const [first = '', second = '', nonce] = words;
  switch (method) {
    case 'healthCheck':
      return client.healthCheck();
    case 'generateState':
      return client.generateState();
    case 'createAuthUrl':
      return client.createAuthUrl(first, second);
    case 'exchangeAuthorizationCodeFor2FAResult':
      return client.exchangeAuthorizationCodeFor2FAResult(first, second, nonce);
  }
});
