/** The right to act for a verified user: CTAP 2.3 §6.5.5.7. */
import type { PinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';

export class PinUvAuthToken {
  readonly protocol: PinUvAuthProtocol;
  /** Bits of Permission. */
  readonly permissions: number;
  /** The RP that the token is bound to. */
  readonly rpId: string | undefined;
  readonly #token: Uint8Array;

  constructor(protocol: PinUvAuthProtocol, token: Uint8Array, permissions: number, rpId?: string) {
    this.protocol = protocol;
    this.permissions = permissions;
    this.rpId = rpId;
    this.#token = token;
  }

  /** The pinUvAuthParam over `message`, as each command defines it. */
  authenticate(message: Uint8Array): Uint8Array {
    return this.protocol.authenticate(this.#token, message);
  }
}
