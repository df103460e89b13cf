/**
 * Thrown where the ledger cannot be asked, so that nobody may spend; `cause` is the store's error. Missing where the
 * ledger has no settings yet. What was asked for may have been done: ask again with the same ids.
 */
export class LedgerUnavailableError extends Error {
  override readonly name = 'LedgerUnavailableError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Thrown where others came first too often: nothing is known to be wrong, and asking again soon may do. */
export class LedgerBusyError extends Error {
  override readonly name = 'LedgerBusyError';

  constructor(
    /** Times that it was tried. */
    readonly attempts: number,
    options?: ErrorOptions,
  ) {
    super(`The ledger is contended for: gave up after ${attempts} attempts.`, options);
  }
}
