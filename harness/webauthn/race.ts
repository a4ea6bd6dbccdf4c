/** One request to several authenticators: the one that the user touches first serves it, the others are cancelled. */
import type { CtapDevice } from '../client/device.ts';
import { isDecision, toDomException, Unsuitable, webauthnError } from './errors.ts';

/** One authenticator's place in the race. */
export interface Turn {
  /** Aborted when the request ends or another authenticator is chosen. */
  readonly signal: AbortSignal;
  /** True where other authenticators wait too: a touch must tell which one is meant before a PIN is asked for. */
  readonly several: boolean;
  /** The user has touched this one: cancels the others. @throws DOMException AbortError where another was chosen before */
  choose(): void;
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Runs the ceremony with all devices and settles once all of them have come to rest.
 * @throws DOMException of the authenticator that decided; where none did, of one that could not serve
 * @throws the signal's reason
 */
export async function firstOf<T>(
  devices: readonly CtapDevice[],
  signal: AbortSignal,
  run: (device: CtapDevice, turn: Turn) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  let chosen: AbortController | undefined;
  const several = devices.length > 1;
  const contestants = devices.map((device) => ({ device, controller: new AbortController() }));
  const choose = (winner: AbortController) => {
    if (chosen !== undefined && chosen !== winner) throw notChosen();
    chosen = winner;
    for (const { controller } of contestants) if (controller !== winner) controller.abort(notChosen());
  };
  const outcomes = await Promise.all(
    contestants.map(async ({ device, controller }): Promise<{ controller: AbortController; outcome: Outcome<T> }> => {
      // one alone is never called off for another
      const own = several ? AbortSignal.any([signal, controller.signal]) : signal;
      const turn: Turn = { signal: own, several, choose: () => choose(controller) };
      const outcome = await settled(() => run(device, turn));
      const decided = 'value' in outcome || isDecision(outcome.error);
      if (decided && !own.aborted && chosen === undefined) choose(controller);
      return { controller, outcome };
    }),
  );
  signal.throwIfAborted();
  const decisive = outcomes.find(({ controller }) => controller === chosen);
  if (!decisive) throw noneLeft(outcomes.flatMap(({ outcome }) => ('error' in outcome ? [outcome.error] : [])));
  if ('value' in decisive.outcome) return decisive.outcome.value;
  throw toDomException(decisive.outcome.error);
}

async function settled<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}

function notChosen(): DOMException {
  return webauthnError('AbortError', 'the user chose another authenticator');
}

/** Why nothing can be waited for any more; what went wrong says more than what could not have gone right. */
function noneLeft(errors: readonly unknown[]): DOMException {
  const failure = errors.find((error) => !(error instanceof Unsuitable)) ?? errors[0];
  if (failure === undefined) return webauthnError('NotAllowedError', 'there is no authenticator');
  return toDomException(failure);
}
