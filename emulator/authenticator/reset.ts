/** authenticatorReset: CTAP 2.3 §6.6. Erases credentials, large blobs, PIN, fingers, settings and secret in one commit; the attestation key stays. */
import type { CborValue } from '../../ctap/cbor.ts';
import { RESET_WINDOW } from '../../ctap/commands/reset.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Exchange } from '../exchange.ts';
import type { Authenticator } from './authenticator.ts';
import { renewSecrets } from './secrets.ts';

export async function reset(authenticator: Authenticator, _: CborValue, exchange: Exchange): Promise<undefined> {
  const { environment, config, model } = authenticator;
  const { transport } = exchange;
  if (transport !== undefined && model.transportsForReset?.includes(transport) === false) {
    throw new CtapError('CTAP2_ERR_OPERATION_DENIED', `this key takes no reset over ${transport}`);
  }
  if (environment.clock.now() - authenticator.poweredUpAt > RESET_WINDOW) {
    throw new CtapError('CTAP2_ERR_NOT_ALLOWED', 'a reset has to come within 10 seconds of plugging the key in');
  }
  const answer = await authenticator.requestPresence(
    { operation: 'reset', longTouch: config.now.longTouchForReset },
    exchange,
  );
  if (answer === 'denied') throw new CtapError('CTAP2_ERR_OPERATION_DENIED');
  if (answer === 'timeout') throw new CtapError('CTAP2_ERR_USER_ACTION_TIMEOUT');
  await erase(authenticator);
  return undefined;
}

/** Takes the key back to how it was made. */
export async function erase(authenticator: Authenticator): Promise<void> {
  const { environment, blobs, credentials, config, fingerprints, largeBlobs, persistentToken, pin, token, uv } =
    authenticator;
  const { change, secrets } = renewSecrets(environment);
  await environment.store.commit([
    change,
    config.removal(),
    pin.removal(),
    largeBlobs.removal(),
    ...blobs.removeAll(),
    ...uv.renewal(),
    ...persistentToken.renewal(),
    ...fingerprints.removeAll(),
    ...credentials.removeAll(),
  ]);
  credentials.forget(secrets);
  config.forget();
  pin.forget();
  uv.refresh();
  persistentToken.refresh();
  token.stop();
  authenticator.keyAgreement.renew();
  authenticator.enrollment = undefined;
}
