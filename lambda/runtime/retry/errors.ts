/** Why a retried call was given up. */
export type GiveUpReason =
  /** The error is one that another call would meet again. */
  | 'permanent'
  /** All attempts are used. */
  | 'exhausted'
  /** The next delay would end past the deadline. */
  | 'deadline'
  /** The signal was aborted. */
  | 'aborted';

/** Thrown by `retry` when it gives up; `cause` is the last error, or the signal's reason. */
export class RetryError extends Error {
  override readonly name = 'RetryError';

  constructor(
    readonly reason: GiveUpReason,
    /** How often the call was begun. */
    readonly calls: number,
    cause: unknown,
  ) {
    super(`Gave up after ${calls} calls: ${reason}.`, { cause });
  }
}
