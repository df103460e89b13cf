import type { Received } from '../work-queue/work-queue';

/** The function that processes jobs, called by hand for one message. */
export interface IProcessor {
  /** Processes the message, and answers whether it is done with; one that is not is left to the queue. */
  process(message: Received): Promise<boolean>;
}
