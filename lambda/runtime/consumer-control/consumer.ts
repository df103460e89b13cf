/** What the consumer of the work queue is set to. */
export interface ConsumerState {
  readonly isEnabled: boolean;
  /** Most concurrent processors. */
  readonly concurrency: number;
}

/** The consumer of the work queue, as something that can be paused. */
export interface IConsumer {
  read(): Promise<ConsumerState>;
  /** Stops receiving; what is being processed goes on. @throws ConsumerBusyError */
  pause(): Promise<void>;
  /** Receives, with at most `concurrency` processors at a time. @throws ConsumerBusyError */
  resume(concurrency: number): Promise<void>;
}

/** Thrown while an earlier change of the consumer is under way; the same a few seconds later succeeds. */
export class ConsumerBusyError extends Error {
  override readonly name = 'ConsumerBusyError';

  constructor(cause: unknown) {
    super('The consumer is being changed already.', { cause });
  }
}

/** Fewest concurrent processors that a consumer can have; a quota of Lambda's mappings for SQS. */
export const LEAST_CONCURRENCY = 2;

/** The concurrency of the step that follows one: twice as many, but not more than `most`. */
export const nextConcurrency = (concurrency: number, most: number): number =>
  Math.min(most, Math.max(LEAST_CONCURRENCY, concurrency * 2));
