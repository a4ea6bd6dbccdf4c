/** hmacCreateSecret: a credential with hmac-secret, for use outside the web (CTAP 2.3 §12.7). */
import { HMAC_SECRET } from '../../../ctap/extensions/hmac-secret.ts';
import { boolean } from '../webidl.ts';
import type { BeginCreation, ReadInputs } from './extension.ts';

export interface HmacCreateSecretInputs {
  readonly hmacCreateSecret?: boolean | undefined;
}

export const readHmacCreateSecret: ReadInputs<HmacCreateSecretInputs> = (members) => ({
  hmacCreateSecret: members.may('hmacCreateSecret', boolean),
});

export function beginHmacCreateSecret({ hmacCreateSecret }: HmacCreateSecretInputs): BeginCreation | undefined {
  if (!hmacCreateSecret) return undefined;
  return (authenticator) => ({
    inputs: (): Record<string, true> => (authenticator.supports(HMAC_SECRET) ? { [HMAC_SECRET]: true } : {}),
    outputs: ({ authData }) => ({ hmacCreateSecret: authData.extensions?.get(HMAC_SECRET) === true }),
  });
}
