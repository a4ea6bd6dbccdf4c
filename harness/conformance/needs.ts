/** Why a check does not apply to a key: what its getInfo rules out, and what whoever runs it has not allowed. */
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import type { Check } from './check.ts';

/** What is known of a key before it is judged. */
export interface KeyFacts {
  readonly virtual: boolean;
  /** The user can refuse. */
  readonly canRefuse: boolean;
  readonly carrier: 'hid' | 'card';
  /** Undefined for a key without CTAP2. */
  readonly info: GetInfoResponse | undefined;
  readonly u2f: boolean;
  readonly token2: boolean;
  /** Why the key could not be asked what it is; then only checks of CTAPHID can say more. */
  readonly unexamined?: string | undefined;
}

/** What whoever runs the checks allows. */
export interface Allowance {
  /** The key may be reset: all that is on it goes. */
  readonly reset: boolean;
  /** The longest that a check may wait, in seconds. */
  readonly seconds: number;
}

/** Attempts that are never spent on a physical key: nobody knows what comes next. */
export const LAST_ATTEMPTS = 3;
/** Passkeys that are made on a physical key to fill it, each with a touch. */
export const MOST_FILLED = 12;
/** PIN_RETRIES of CTAP 2.3 §6.5. */
export const ALL_ATTEMPTS = 8;

/** Why the key itself rules the check out; undefined where it applies. */
export function notApplicable({ needs = {} }: Check, facts: KeyFacts): string | undefined {
  const { info } = facts;
  const { carrier = 'any', ctap2 = true } = needs;
  if (carrier === 'hid' && facts.carrier !== 'hid') return 'the key is not reached over HID';
  if (carrier === 'card' && facts.carrier !== 'card') return 'the key is not in a card reader';
  if (facts.unexamined !== undefined) return undefined;
  if (needs.u2f && !facts.u2f) return 'the key has no U2F';
  if (needs.token2 && !facts.token2) return 'the key has no Token2 OTP applet';
  if (!ctap2) return undefined;
  if (info === undefined) return 'the key has no CTAP2';
  const { options = {}, extensions = [], pinUvAuthProtocols = [] } = info;
  if ((needs.discoverable || needs.fills) && options.rk !== true) return 'the key has no discoverable credentials';
  if (needs.fills && !facts.virtual) {
    const { remainingDiscoverableCredentials: room } = info;
    if (room === undefined) return 'the key does not say for how many passkeys it has room';
    if (room > MOST_FILLED) return `the key has room for ${room} passkeys, too many to fill by touches`;
  }
  const { versions } = needs;
  if (versions && !versions.some((version) => info.versions.includes(version))) {
    return `versions has none of ${versions.join(', ')}`;
  }
  const option = needs.options?.find((name) => options[name] === undefined);
  if (option !== undefined) return `options has no ${option}`;
  const extension = needs.extensions?.find((name) => !extensions.includes(name));
  if (extension !== undefined) return `extensions has no ${extension}`;
  const protocol = needs.protocols?.find((version) => !pinUvAuthProtocols.includes(version));
  if (protocol !== undefined) return `pinUvAuthProtocols has no ${protocol}`;
  if (needs.pin && options.clientPin === undefined) return 'options has no clientPin';
  if (needs.finger && options.bioEnroll === undefined) return 'options has no bioEnroll';
  // algorithms may be absent: then only ES256 is sure
  const algorithms = info.algorithms?.map(({ alg }) => alg) ?? [-7];
  const algorithm = needs.algorithms?.find((alg) => !algorithms.includes(alg));
  if (algorithm !== undefined) return `algorithms has no ${algorithm}`;
  return needs.unless?.(info);
}

/** Why the check is not run though it applies; undefined where it is. */
export function notRun({ needs = {} }: Check, facts: KeyFacts, allowance: Allowance): string | undefined {
  const { attempts = 0, seconds = 0, ctap2 = true } = needs;
  if (facts.unexamined !== undefined && (ctap2 || needs.u2f || needs.token2)) {
    return `the key could not be examined: ${facts.unexamined}`;
  }
  if (facts.virtual) return undefined;
  if (needs.user === 'refuses' && !facts.canRefuse) return 'a key of plastic has no way to refuse';
  if (attempts > ALL_ATTEMPTS - LAST_ATTEMPTS) return `it would spend the last ${LAST_ATTEMPTS} attempts of the PIN`;
  if (!allowance.reset) {
    const { clientPin, bioEnroll, credMgmt, credentialMgmtPreview } = facts.info?.options ?? {};
    if (needs.spoils) return 'it needs a reset afterwards, which was not allowed (--allow-reset)';
    if (needs.discoverable && !(clientPin && (credMgmt || credentialMgmtPreview))) {
      return 'it leaves discoverable credentials on the key, which takes a reset (--allow-reset)';
    }
    if (needs.pin === false && clientPin === true) {
      return 'it needs a key without PIN, which takes a reset (--allow-reset)';
    }
    if ((needs.pin || needs.finger) && clientPin === false) {
      return 'it needs a PIN, which only a reset would take away again (--allow-reset)';
    }
    if (needs.finger && bioEnroll === false) return 'it needs a finger, and none is enrolled';
  }
  if (seconds > allowance.seconds) return `it waits ${seconds} s (--slow)`;
  return undefined;
}
