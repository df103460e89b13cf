/** Why a retried call was given up. */
export type GiveUpReason =
  /** The error is one that another call would meet again. */
  | 'permanent'
  /** All attempts are used. */
  | 'exhausted'
  /** The next delay would end past the deadline. */
  | 'deadline'
  /** The process has used up its budget of retries. */
  | 'budget'
  /** The signal was aborted. */
  | 'aborted';

/** Thrown by a retry policy when it gives up; `cause` is the last error, or the signal's reason. */
export class RetryError extends Error {
  override readonly name = 'RetryError';

  constructor(
    readonly reason: GiveUpReason,
    /** How often the call was begun. */
    readonly calls: number,
    cause: unknown,
    /** How many of these calls were paid for, or perhaps. @default - all */
    readonly paidCalls: number = calls,
  ) {
    super(`Gave up after ${calls} calls: ${reason}.`, { cause });
  }
}
