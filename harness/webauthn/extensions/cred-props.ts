/** credProps: whether the new credential is discoverable (WebAuthn Level 3 §10.1.3). */
import { webauthnError } from '../errors.ts';
import { boolean } from '../webidl.ts';
import type { BeginCreation, ReadInputs } from './extension.ts';

export interface CredPropsInputs {
  readonly credProps?: boolean | undefined;
}

export const readCredProps: ReadInputs<CredPropsInputs> = (members) => ({
  credProps: members.may('credProps', boolean),
});

export function beginCredProps({ credProps }: CredPropsInputs): BeginCreation | undefined {
  return credProps
    ? () => ({
        outputs: ({ discoverable }) => ({ credProps: discoverable === undefined ? {} : { rk: discoverable } }),
      })
    : undefined;
}

/** It has no part in get(). @throws DOMException NotSupportedError, as browsers do, where it is asked for there */
export function refuseCredProps({ credProps }: CredPropsInputs): undefined {
  if (credProps) throw webauthnError('NotSupportedError', 'credProps goes with create(), not with get()');
}
