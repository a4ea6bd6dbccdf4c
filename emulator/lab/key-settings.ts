/** What a lab that lasts keeps of a key beside the key's own records. */
import { StoreError } from '../store/store-error.ts';
import { formatTouchPolicy, parseTouchPolicy, type TouchPolicy } from './touch-policy.ts';
import { formatTransport, parseTransport, type TransportChoice } from './transport.ts';

/** What is absent follows the lab. */
export interface KeySettings {
  readonly touch?: TouchPolicy;
  readonly transports?: readonly TransportChoice[];
  /** True where it was pulled out. */
  readonly removed?: boolean;
}

/** As JSON, in the words of the command line. */
export interface KeySettingsJSON {
  readonly touch?: string;
  readonly transports?: readonly string[];
  readonly removed?: boolean;
}

export function writeKeySettings({ touch, transports, removed }: KeySettings): KeySettingsJSON {
  return {
    ...(touch === undefined ? {} : { touch: formatTouchPolicy(touch) }),
    ...(transports === undefined ? {} : { transports: transports.map(formatTransport) }),
    ...(removed === true ? { removed } : {}),
  };
}

/** @throws StoreError for what {@link writeKeySettings} does not write */
export function readKeySettings(json: Readonly<Record<string, unknown>> = {}): KeySettings {
  const { touch, transports, removed } = json;
  try {
    return {
      ...(touch === undefined ? {} : { touch: parseTouchPolicy(String(touch)) }),
      ...(Array.isArray(transports) ? { transports: transports.map((text) => parseTransport(String(text))) } : {}),
      ...(removed === true ? { removed } : {}),
    };
  } catch (error) {
    if (error instanceof RangeError) throw new StoreError(`a key's settings: ${error.message}`, { cause: error });
    throw error;
  }
}
