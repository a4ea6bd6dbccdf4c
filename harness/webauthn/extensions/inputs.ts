/** The extensions that this client knows: their inputs. */
import { type Convert, Dictionary } from '../webidl.ts';
import { type AppIdInputs, readAppId } from './app-id.ts';
import { type CredBlobInputs, readCredBlob } from './cred-blob.ts';
import { type CredPropsInputs, readCredProps } from './cred-props.ts';
import { type CredProtectInputs, readCredProtect } from './cred-protect.ts';
import { type HmacCreateSecretInputs, readHmacCreateSecret } from './hmac-create-secret.ts';
import { type LargeBlobInputs, readLargeBlob } from './large-blob.ts';
import { type MinPinLengthInputs, readMinPinLength } from './min-pin-length.ts';
import { type PrfInputs, readPrf } from './prf.ts';

export interface AuthenticationExtensionsClientInputs
  extends AppIdInputs,
    CredBlobInputs,
    CredPropsInputs,
    CredProtectInputs,
    HmacCreateSecretInputs,
    LargeBlobInputs,
    MinPinLengthInputs,
    PrfInputs {}

/** Reads `extensions`; identifiers that no extension of this client has are ignored (§9.3). */
export const parseExtensionInputs: Convert<AuthenticationExtensionsClientInputs> = (value, path) => {
  const members = new Dictionary(value, path);
  return {
    ...readAppId(members),
    ...readCredBlob(members),
    ...readCredProps(members),
    ...readCredProtect(members),
    ...readHmacCreateSecret(members),
    ...readLargeBlob(members),
    ...readMinPinLength(members),
    ...readPrf(members),
  };
};
