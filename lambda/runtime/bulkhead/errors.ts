/** Thrown where all places are taken and the queue is full: the call was not made. */
export class BulkheadFullError extends Error {
  override readonly name = 'BulkheadFullError';

  constructor(
    /** Calls that may run at a time, when this one was refused. */
    readonly maxConcurrent: number,
    readonly maxQueued: number,
  ) {
    super(`All ${maxConcurrent} places are taken, and ${maxQueued} calls wait already.`);
  }
}
