/** What a client checks of an authenticator's answer before it hands it on. */
import { type AuthenticatorData, decodeAuthenticatorData } from '../../ctap/authenticator-data.ts';
import { equalBytes, toHex } from '../../ctap/bytes.ts';
import { Flag } from '../../ctap/flags.ts';
import { ProtocolError } from '../client/protocol-error.ts';

export interface Expected {
  readonly rpIdHash: Uint8Array;
  /** Whether the user-verified flag has to be set. */
  readonly userVerified: boolean;
}

/** Reads authenticator data that answers a request. @throws ProtocolError where it is malformed or not what was asked for */
export function readAuthenticatorData(bytes: Uint8Array, expected: Expected): AuthenticatorData {
  const authData = decode(bytes);
  const demand = (fits: boolean, what: string) => {
    if (!fits) throw new ProtocolError(`authenticator data: ${what}`);
  };
  const got = toHex(authData.rpIdHash);
  demand(
    equalBytes(authData.rpIdHash, expected.rpIdHash),
    `expected RP ID hash ${toHex(expected.rpIdHash)}, got ${got}`,
  );
  demand((authData.flags & Flag.UP) !== 0, 'expected the user-present flag');
  demand(!expected.userVerified || (authData.flags & Flag.UV) !== 0, 'expected the user-verified flag');
  return authData;
}

function decode(bytes: Uint8Array): AuthenticatorData {
  try {
    return decodeAuthenticatorData(bytes);
  } catch (cause) {
    throw new ProtocolError((cause as Error).message, { cause });
  }
}
