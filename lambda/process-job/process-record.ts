import type { SQSRecord } from 'aws-lambda';
import { MetricName } from '../../lib/contract/metrics';
import { JobStatus } from '../../lib/contract/tables';
import { fullJitter } from '../runtime/backoff/full-jitter';
import { LeaseLostError } from '../runtime/jobs/errors';
import type { Job } from '../runtime/jobs/job';
import type { LeaseRefusal } from '../runtime/jobs/lease';
import { parseJobMessage } from '../runtime/work-queue/work-queue';
import type { Invocation, ProcessDependencies } from './dependencies';
import { type RunOutcome, runJob } from './run-job';

/** `acknowledged`: the message is done. `returned`: the queue keeps it, and moves it after its last receive. */
export type RecordOutcome = 'acknowledged' | 'returned';

/** Delay before a message is received again, by how often it was. */
const RETURN_BACKOFF = { baseMs: 1_000, capMs: 15 * 60_000 };

/** Processes one message of the work queue; never throws. */
export const processRecord = async (
  record: SQSRecord,
  dependencies: ProcessDependencies,
  invocation: Invocation,
): Promise<RecordOutcome> => {
  const processing = new RecordProcessing(record, dependencies, invocation);
  try {
    return await processing.run();
  } catch (error) {
    return processing.onError(error);
  }
};

class RecordProcessing {
  readonly #receives: number;

  constructor(
    readonly record: SQSRecord,
    readonly dependencies: ProcessDependencies,
    readonly invocation: Invocation,
  ) {
    this.#receives = Math.max(1, Number(record.attributes.ApproximateReceiveCount) || 1);
  }

  get #isLastReceive(): boolean {
    return this.#receives >= this.dependencies.maxReceiveCount;
  }

  async run(): Promise<RecordOutcome> {
    const { store, now, leaseMs } = this.dependencies;
    const message = parseJobMessage(this.record.body);
    if (!message) {
      this.invocation.log.error('The message is malformed.');
      return this.#return(this.#backoffMs());
    }
    const { owner } = this.invocation;
    // A redrive counts receives anew, so a dead-lettered job below the maximum is one that somebody redrove.
    const redriven = !this.#isLastReceive;
    const outcome = await store.lease({ jobId: message.jobId, owner, nowMs: now(), leaseMs, redriven });
    return outcome.kind === 'leased' ? this.#settle(outcome.job) : this.#onRefusal(outcome);
  }

  async onError(error: unknown): Promise<RecordOutcome> {
    const { log } = this.invocation;
    if (error instanceof LeaseLostError) {
      // The message belongs to whoever holds the lease: to touch it now could lose the job.
      log.warn('Another worker has taken the job over.');
      this.dependencies.count(MetricName.LEASES_LOST);
      return 'returned';
    }
    log.error('The message could not be processed.', error as Error);
    return this.#return(this.#backoffMs());
  }

  #onRefusal(refusal: LeaseRefusal): Promise<RecordOutcome> | RecordOutcome {
    const { log } = this.invocation;
    switch (refusal.kind) {
      case 'held':
        log.info('Another worker holds the job.');
        return this.#return(refusal.untilMs - this.dependencies.now() + 1_000);
      case 'missing':
        log.error('The job of this message does not exist.');
        return this.#return(this.#backoffMs());
      case 'ended':
        log.info('The job has ended already.', { status: refusal.status });
        return refusal.status === JobStatus.DEAD_LETTERED ? this.#keepMessage(0) : 'acknowledged';
    }
  }

  async #settle(job: Job): Promise<RecordOutcome> {
    const { store, now, count } = this.dependencies;
    const { log } = this.invocation;
    const outcome = await runJob(job, this.dependencies, this.invocation);
    switch (outcome.kind) {
      case 'succeeded':
        count(MetricName.JOBS_SUCCEEDED);
        log.info('The job succeeded.');
        return 'acknowledged';
      case 'failed':
        await store.fail(job, outcome.failure, now());
        count(MetricName.JOBS_FAILED);
        log.warn('The job failed.', { failure: outcome.failure });
        return 'acknowledged';
      case 'unfinished':
        return this.#giveUp(job, outcome);
    }
  }

  async #giveUp(
    job: Job,
    { failure, retryAfterMs = 0 }: Extract<RunOutcome, { kind: 'unfinished' }>,
  ): Promise<RecordOutcome> {
    const { store, now, count } = this.dependencies;
    const { log } = this.invocation;
    if (this.#isLastReceive) {
      await store.deadLetter(job, failure, now());
      count(MetricName.JOBS_DEAD_LETTERED);
      log.error('The job goes to the dead-letter queue.', { failure });
      return this.#keepMessage(0);
    }
    await store.release(job, failure, now());
    log.warn('The job goes back to the queue.', { failure });
    return this.#return(Math.max(this.#backoffMs(), retryAfterMs));
  }

  #backoffMs(): number {
    return fullJitter(this.#receives, RETURN_BACKOFF, this.dependencies.random);
  }

  /** Keeps the message for another receive. */
  async #return(delayMs: number): Promise<RecordOutcome> {
    this.dependencies.count(MetricName.JOBS_RETURNED);
    return this.#keepMessage(Math.min(Math.max(delayMs, 0), RETURN_BACKOFF.capMs));
  }

  /** Where even the delay cannot be set, the queue's visibility timeout is the delay. */
  async #keepMessage(delayMs: number): Promise<RecordOutcome> {
    try {
      await this.dependencies.queue.returnAfter(this.record.receiptHandle, Math.ceil(delayMs / 1000));
    } catch (error) {
      this.invocation.log.warn('The delay of the message could not be set.', error as Error);
    }
    return 'returned';
  }
}
