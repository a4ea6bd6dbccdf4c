/** appid and appidExclude: credentials that U2F's own JavaScript API made (WebAuthn Level 3 §10.1.1, §10.1.2). */
import { text } from '../webidl.ts';
import type { BeginAssertion, BeginCreation, ReadInputs } from './extension.ts';

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

export function beginAppId({ appid }: AppIdInputs): BeginAssertion | undefined {
  return appid === undefined ? undefined : () => ({ outputs: ({ usedAppId }) => ({ appid: usedAppId }) });
}
