/** Thrown by a write under a lease that another worker has taken over, or whose job has ended; nothing was written. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';

  constructor(
    readonly jobId: string,
    cause: unknown,
  ) {
    super('The lease on the job is lost.', { cause });
  }
}
