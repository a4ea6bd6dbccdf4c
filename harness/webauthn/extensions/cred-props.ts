/** credProps: whether the new credential is discoverable (WebAuthn Level 3 §10.1.3). */
import { boolean } from '../webidl.ts';
import type { BeginCreation, ReadInputs } from './extension.ts';

export interface CredPropsInputs {
  readonly credProps?: boolean | undefined;
}

export const readCredProps: ReadInputs<CredPropsInputs> = (members) => ({
  credProps: members.may('credProps', boolean),
});

export function beginCredProps({ credProps }: CredPropsInputs): BeginCreation | undefined {
  return credProps ? () => ({ outputs: ({ discoverable }) => ({ credProps: { rk: discoverable } }) }) : undefined;
}
