/** performBuiltInUv: CTAP 2.3 §6.5.3.1. The key's own user verification is its fingerprint sensor. */
import type { CaptureRequest, FingerprintSample } from '../environment.ts';
import { type Exchange, KeepaliveStatus } from '../exchange.ts';
import { handFingerprints } from '../fingerprint.ts';
import type { Authenticator } from './authenticator.ts';

/** How many fingers one command looks at before it gives up (maxUvAttemptsForInternalRetries, 1 to 5). */
const MAX_ATTEMPTS_FOR_INTERNAL_RETRIES = 3;

export type UvOutcome = 'verified' | 'failed' | 'timeout';

/** For whom the finger is asked. */
export interface UvPurpose {
  readonly rpId?: string | undefined;
  readonly userName?: string | undefined;
}

/**
 * Looks at fingers until one fits, the attempts of this command are used up or uvRetries is. A blocked PIN blocks the
 * sensor too.
 * @param internalRetry true: several attempts within the command, else a single one
 */
export async function performBuiltInUv(
  authenticator: Authenticator,
  internalRetry: boolean,
  { rpId, userName }: UvPurpose,
  exchange: Exchange,
): Promise<UvOutcome> {
  const { fingerprints, pin, uv } = authenticator;
  if (pin.isSet && pin.retries === 0) await uv.block(); // step 3
  const enrolled = fingerprints.list().map(({ finger }) => finger);
  const attempts = internalRetry ? MAX_ATTEMPTS_FOR_INTERNAL_RETRIES : 1;
  for (let attempt = 0; attempt < attempts && uv.retries > 0; attempt++) {
    const sample = await capture(authenticator, { purpose: 'verify', enrolled, rpId, userName }, exchange);
    if (sample === 'timeout') return 'timeout';
    if (!authenticator.model.fingerprints?.unlimitedAttempts) await uv.spend();
    // a sample that is not good fits no template
    if (sample.feedback === 'FP_GOOD' && enrolled.includes(sample.finger)) {
      await uv.succeed();
      return 'verified';
    }
  }
  return 'failed';
}

/**
 * Reads the sensor, with keepalives that say so.
 * @throws whatever aborted the exchange
 */
export async function capture(
  { environment }: Authenticator,
  request: CaptureRequest,
  exchange: Exchange,
): Promise<FingerprintSample | 'timeout'> {
  const reader = environment.fingerprints ?? handFingerprints(environment.presence);
  exchange.keepalive(KeepaliveStatus.UPNEEDED);
  const sample = await reader.capture(request, exchange);
  exchange.signal.throwIfAborted();
  exchange.keepalive(KeepaliveStatus.PROCESSING);
  return sample;
}
