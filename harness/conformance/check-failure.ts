/** The key does not keep the rule: says what was expected and what came. */
export class CheckFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CheckFailure';
  }
}
