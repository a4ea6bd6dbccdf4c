/** The settings of a key: authenticatorConfig, CTAP 2.3 §6.11. */
import type { CborMap } from '../../ctap/cbor.ts';
import {
  authenticatorConfigAuthMessage,
  type SetMinPINLengthParams,
  AuthenticatorConfigSubcommand as Subcommand,
  setMinPINLengthParams,
  vendorPrototypeParams,
} from '../../ctap/commands/authenticator-config.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Ctap2Client } from './ctap2.ts';
import type { PinUvAuthToken } from './pin-uv-auth-token.ts';

/** Needs a token with the permission acfg, but on a key that has neither a PIN nor built-in user verification set up. */
export class ConfigClient {
  readonly ctap2: Ctap2Client;
  readonly #token: PinUvAuthToken | undefined;

  constructor(ctap2: Ctap2Client, token?: PinUvAuthToken) {
    this.ctap2 = ctap2;
    this.#token = token;
  }

  /** Lasts until a reset (§6.11.1). Does nothing where it is enabled. */
  enableEnterpriseAttestation(): Promise<void> {
    return this.#send(Subcommand.enableEnterpriseAttestation);
  }

  /** Turns the option alwaysUv on where it is off, and off where it is on (§6.11.2). */
  toggleAlwaysUv(): Promise<void> {
    return this.#send(Subcommand.toggleAlwaysUv);
  }

  /**
   * Tightens the PIN policy (§6.11.4): the length is never lessened but by a reset; the RP IDs replace those before.
   * @throws CtapError CTAP2_ERR_PIN_POLICY_VIOLATION for a lesser length, CTAP2_ERR_PIN_NOT_SET where a PIN is to be
   *   changed and there is none, CTAP2_ERR_KEY_STORE_FULL for too many RP IDs
   */
  setMinPINLength(params: SetMinPINLengthParams): Promise<void> {
    return this.#send(Subcommand.setMinPINLength, setMinPINLengthParams.encode(params));
  }

  /** The PIN is good for nothing but its own change from now on (§6.11.4, forceChangePin). */
  forcePINChange(): Promise<void> {
    return this.setMinPINLength({ forceChangePin: true });
  }

  /** Lasts until a reset (§6.11.5). Does nothing where it is enabled. */
  enableLongTouchForReset(): Promise<void> {
    return this.#send(Subcommand.enableLongTouchForReset);
  }

  /**
   * A command of the key's vendor (§6.11.7); getInfo member 0x15 names those that the key has.
   * @param params the command's own, keys 2 and up
   */
  vendorPrototype(vendorCommandId: bigint, params: CborMap = new Map()): Promise<void> {
    const vendor = vendorPrototypeParams.encode({ vendorCommandId });
    return this.#send(Subcommand.vendorPrototype, new Map([...vendor, ...params]));
  }

  async #send(subCommand: number, subCommandParams?: CborMap): Promise<void> {
    const { options } = await this.ctap2.getInfo({ cached: true });
    if (options?.authnrCfg !== true) {
      throw new CtapError('CTAP1_ERR_INVALID_COMMAND', 'this key has no settings (no option authnrCfg)');
    }
    const authorization = this.#token && {
      pinUvAuthProtocol: this.#token.protocol.version,
      pinUvAuthParam: this.#token.authenticate(authenticatorConfigAuthMessage(subCommand, subCommandParams)),
    };
    await this.ctap2.authenticatorConfig({ subCommand, subCommandParams, ...authorization });
  }
}
