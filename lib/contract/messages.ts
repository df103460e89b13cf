/** Body of a message on the work queue: identifiers only, never the prompt. */
export interface JobMessage {
  readonly jobId: string;
  /** Follows the job from the client's request to the dead-letter queue. */
  readonly correlationId: string;
}

/** Attribute of a message of the work queue that was sent anew: milliseconds since the epoch at which its job was first sent. */
export const FIRST_QUEUED_AT = 'firstQueuedAt';

/**
 * Attribute of a message that a worker sent anew because it could not write its job's row: the owner that the lease names
 * and that lives, so that nobody takes the end of the lease for a worker's death.
 */
export const LIVING_OWNER = 'livingOwner';

/**
 * Body of a message on the control queue. Each holds good for one epoch of its breaker only, so that one which comes
 * late or twice does nothing.
 */
export type ControlMessage =
  /** Lets one job through as the breaker's probe. */
  | {
      readonly kind: 'probe';
      readonly breaker: string;
      readonly epoch: number;
      /** The probe within the epoch that it stands for. @default - the one that the row waits for when it is received */
      readonly turn?: string;
      /** Times in a row that it was for nothing. */
      readonly idle: number;
    }
  /** Lets the consumer run with at least this many concurrent processors, and more a step later. */
  | { readonly kind: 'resume'; readonly breaker: string; readonly epoch: number; readonly concurrency: number };
