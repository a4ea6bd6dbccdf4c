/** appid and appidExclude: credentials that U2F's own JavaScript API made (WebAuthn Level 3 §10.1.1, §10.1.2). */
import { text } from '../webidl.ts';
import type { AssertionExtension, BeginCreation, ReadInputs } from './extension.ts';

export interface AppIdInputs {
  readonly appid?: string | undefined;
  readonly appidExclude?: string | undefined;
}

export const readAppId: ReadInputs<AppIdInputs> = (members) => ({
  appid: members.may('appid', text),
  appidExclude: members.may('appidExclude', text),
});

export function beginAppIdExclude({ appidExclude }: AppIdInputs): BeginCreation | undefined {
  return appidExclude === undefined ? undefined : () => ({ outputs: () => ({ appidExclude: true }) });
}

export function appIdAssertion({ appid }: AppIdInputs): AssertionExtension | undefined {
  if (appid === undefined) return undefined;
  return { begin: () => ({ outputs: ({ usedAppId }) => ({ appid: usedAppId }) }) };
}
