/**
 * Something in the command itself is wrong, and what to type instead. Nothing was sent to a device.
 * `hint` is a line of its own under the message.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}
