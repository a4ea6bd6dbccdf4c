/** appid and appidExclude: credentials that U2F's own JavaScript API made (WebAuthn Level 3 §10.1.1, §10.1.2). */
import { webauthnError } from '../errors.ts';
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

/** As browsers do, before anything else of the request is looked at. */
function checkSyntax(member: keyof AppIdInputs, value: string): void {
  if (value === '' || URL.canParse(value)) return;
  throw webauthnError('SyntaxError', `${member}: expected an AppID, which is a URL, got "${value}"`);
}

/** @throws DOMException NotSupportedError for appid, SyntaxError for an appidExclude that is no URL */
export function beginAppIdExclude({ appid, appidExclude }: AppIdInputs): BeginCreation | undefined {
  if (appid !== undefined) throw webauthnError('NotSupportedError', 'appid goes with get(), not with create()');
  if (appidExclude !== undefined) checkSyntax('appidExclude', appidExclude);
  return appidExclude === undefined ? undefined : () => ({ outputs: () => ({ appidExclude: true }) });
}

/** @throws DOMException SyntaxError for an appid that is no URL */
export function appIdAssertion({ appid }: AppIdInputs): AssertionExtension | undefined {
  if (appid === undefined) return undefined;
  checkSyntax('appid', appid);
  return { begin: () => ({ outputs: ({ usedAppId }) => ({ appid: usedAppId }) }) };
}
