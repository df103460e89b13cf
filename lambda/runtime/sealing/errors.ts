/** Thrown when sealed data cannot be opened: it was altered, or belongs to another context or key; `cause` says more. */
export class UnsealError extends Error {
  override readonly name = 'UnsealError';

  constructor(cause: unknown) {
    super('The sealed data could not be opened.', { cause });
  }
}
