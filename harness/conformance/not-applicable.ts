/** Thrown by a check that finds, only by asking, that the key has not what it judges. The message says what. */
export class NotApplicable extends Error {
  override name = 'NotApplicable';
}
