/** How a ceremony fails: DOMException names of WebAuthn Level 3 §5.1.3.1 (create) and §5.1.4.4 (get), the cause kept. */
import { CtapError, Status } from '../../ctap/status.ts';

/** The names of WebIDL's table of DOMExceptions that WebAuthn uses. */
export type WebAuthnErrorName =
  | 'AbortError'
  | 'ConstraintError'
  | 'EncodingError'
  | 'InvalidStateError'
  | 'NotAllowedError'
  | 'NotSupportedError'
  | 'OperationError'
  | 'SecurityError'
  | 'SyntaxError';

/** A DOMException of that name; `cause` is what led to it. */
export function webauthnError(name: WebAuthnErrorName, message: string, cause?: unknown): DOMException {
  const error = new DOMException(message, name);
  if (cause !== undefined) Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
  return error;
}

/**
 * One authenticator cannot serve this request, though another might. When none is left, the request fails
 * with the error that `name` says.
 */
export class Unsuitable extends Error {
  override readonly name = 'Unsuitable';
  readonly errorName: WebAuthnErrorName;

  constructor(errorName: WebAuthnErrorName, message: string) {
    super(message);
    this.errorName = errorName;
  }
}

const ERROR_OF_STATUS: ReadonlyMap<number, readonly [WebAuthnErrorName, string]> = new Map([
  [Status.CTAP2_ERR_CREDENTIAL_EXCLUDED, ['InvalidStateError', 'the authenticator has an excluded credential']],
  [Status.CTAP2_ERR_UNSUPPORTED_ALGORITHM, ['NotSupportedError', 'the authenticator has none of the algorithms']],
  [Status.CTAP2_ERR_OPERATION_DENIED, ['NotAllowedError', 'the user declined']],
  [Status.CTAP2_ERR_NO_CREDENTIALS, ['NotAllowedError', 'the authenticator has none of the credentials']],
  [Status.CTAP2_ERR_USER_ACTION_TIMEOUT, ['NotAllowedError', 'nobody touched the authenticator in time']],
  [Status.CTAP2_ERR_ACTION_TIMEOUT, ['NotAllowedError', 'nobody touched the authenticator in time']],
  [Status.CTAP2_ERR_PIN_BLOCKED, ['NotAllowedError', 'the PIN is blocked: nothing but a reset helps']],
  [Status.CTAP2_ERR_PIN_AUTH_BLOCKED, ['NotAllowedError', 'too many wrong PINs: plug the authenticator in again']],
  [Status.CTAP2_ERR_UV_BLOCKED, ['NotAllowedError', 'built-in user verification is blocked']],
  [Status.CTAP2_ERR_KEY_STORE_FULL, ['NotAllowedError', 'the authenticator has no room for another credential']],
]);

/** The DOMException of whatever a ceremony with one authenticator rejected with. */
export function toDomException(error: unknown): DOMException {
  if (error instanceof DOMException) return error;
  if (error instanceof Unsuitable) return webauthnError(error.errorName, error.message);
  if (error instanceof CtapError) {
    const [name, message] = ERROR_OF_STATUS.get(error.status) ?? ['NotAllowedError', 'the authenticator refused'];
    return webauthnError(name, `${message} (${error.message})`, error);
  }
  const detail = error instanceof Error ? error.message : String(error);
  return webauthnError('NotAllowedError', `the authenticator failed: ${detail}`, error);
}

/** True where `error` is a CtapError of one of these statuses. */
export function isStatus(error: unknown, ...names: readonly (keyof typeof Status)[]): error is CtapError {
  return error instanceof CtapError && names.some((name) => Status[name] === error.status);
}

/** True where the user has answered by it: no other authenticator is to be asked any more. */
export function isDecision(error: unknown): boolean {
  if (error instanceof DOMException) return true;
  return isStatus(error, 'CTAP2_ERR_CREDENTIAL_EXCLUDED', 'CTAP2_ERR_OPERATION_DENIED');
}
