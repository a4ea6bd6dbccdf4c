/** Words that Duo's Authentication Proxy takes in the place of a passcode: factors that need a phone. */
const FACTOR_WORD = /^(push|phone|sms)[0-9]*$/i;
/** Six to ten digits of a token or a bypass code, or the 44 modhex characters of a Yubico OTP (or fewer: its id is optional). */
const PASSCODE = /^([0-9]{6,10}|[cbdefghijklnrtuv]{32,48})$/i;
const DELIMITER = ',';

/** What a user typed into the one password field of a RADIUS client. */
export interface Credentials {
  readonly password: string;
  readonly passcode: string | undefined;
  /** The factor that was asked for by name, such as `push`. */
  readonly factor: string | undefined;
}

/**
 * Divides `password,passcode` and `password,push` at the last comma; what follows a comma and is neither
 * belongs to the password, which may have commas itself.
 */
export function divideCredentials(typed: string): Credentials {
  const comma = typed.lastIndexOf(DELIMITER);
  const last = typed.slice(comma + 1);
  const password = typed.slice(0, comma);
  if (comma !== -1 && FACTOR_WORD.test(last)) return { password, passcode: undefined, factor: last.toLowerCase() };
  if (comma !== -1 && PASSCODE.test(last)) return { password, passcode: last, factor: undefined };
  return { password: typed, passcode: undefined, factor: undefined };
}
