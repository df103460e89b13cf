/** Body of a message on the work queue: identifiers only, never the prompt. */
export interface JobMessage {
  readonly jobId: string;
  /** Follows the job from the client's request to the dead-letter queue. */
  readonly correlationId: string;
}
