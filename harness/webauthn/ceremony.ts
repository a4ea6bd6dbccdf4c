/** What create() and get() have in common: who calls, with which means, and for how long. */
import type { CtapDevice } from '../client/device.ts';
import { type CollectedClientData, serializeClientData } from './client-data.ts';
import { sha256 } from './digest.ts';
import type { Origin } from './origin.ts';
import type { FetchRelatedOrigins } from './related-origins.ts';
import type { WebAuthnUi } from './ui.ts';

export interface Ceremony {
  readonly caller: Origin;
  /** Origins of the frames around the caller's, its parent first; empty at top level. */
  readonly ancestors: readonly Origin[];
  readonly ui: WebAuthnUi;
  readonly fetchRelatedOrigins: FetchRelatedOrigins | undefined;
  /** RP IDs that may have an enterprise attestation by this platform's leave (CTAP 2.3 §7.1.2). */
  readonly enterpriseRpIds: readonly string[];
  /** The authenticators that are there. */
  devices(): Promise<readonly CtapDevice[]>;
  /** Aborted by the caller or when the time is over; its reason is what the request rejects with. */
  readonly signal: AbortSignal;
}

/** True where an ancestor has another origin than the caller (sameOriginWithAncestors, the other way round). */
export function isCrossOrigin({ caller, ancestors }: Pick<Ceremony, 'caller' | 'ancestors'>): boolean {
  return ancestors.some(({ serialized }) => serialized !== caller.serialized);
}

/** The client data of a ceremony and its hash. */
export function collectClientData(
  ceremony: Ceremony,
  type: CollectedClientData['type'],
  challenge: Uint8Array,
): { readonly json: Uint8Array; readonly hash: Uint8Array } {
  const crossOrigin = isCrossOrigin(ceremony);
  const topOrigin = crossOrigin ? ceremony.ancestors.at(-1)?.serialized : undefined;
  const origin = ceremony.caller.serialized;
  const json = serializeClientData({ type, challenge, origin, crossOrigin, topOrigin });
  return { json, hash: sha256(json) };
}
