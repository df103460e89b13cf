import type { SQSRecord } from 'aws-lambda';
import { MetricName } from '../../lib/contract/metrics';
import { JobStatus } from '../../lib/contract/tables';
import { fullJitter } from '../runtime/backoff/full-jitter';
import { LeaseLostError } from '../runtime/jobs/errors';
import type { Failure, Job } from '../runtime/jobs/job';
import type { Release } from '../runtime/jobs/job-updates';
import type { LeaseOutcome, LeaseRefusal } from '../runtime/jobs/lease';
import { parseJobMessage } from '../runtime/work-queue/work-queue';
import { decideFailure } from './decide-failure';
import type { Invocation, ProcessDependencies } from './dependencies';
import { isInfrastructureFault } from './infrastructure-fault';
import { delayOf, firstQueuedAt, livingOwner, sendCopy } from './message-copy';
import { openBreaker } from './open-breaker';
import { nextOutageRecord, windowLeftMs } from './outage-facts';
import { readOutageFacts } from './read-outage-facts';
import { releaseJob } from './release-job';
import { type RunOutcome, runJob } from './run-job';
import { isTooLate, MOST_TURN_DELAY_MS } from './turns';

/** `acknowledged`: the message is done. `returned`: the queue keeps it, and moves it after its last receive. */
export type RecordOutcome = 'acknowledged' | 'returned';

/** Part of the two seconds that the deadline leaves, in milliseconds, for giving back what an ended job holds. */
const CLOSE_MS = 1_000;

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

type Unfinished = Extract<RunOutcome, { kind: 'unfinished' }>;

class RecordProcessing {
  readonly #receives: number;
  /** When the run began. */
  #startedAt: number;
  /** The owner that the job's row may name and that lives: this worker, or one before it. */
  #livingOwner: string | undefined;

  constructor(
    readonly record: SQSRecord,
    readonly dependencies: ProcessDependencies,
    readonly invocation: Invocation,
  ) {
    this.#receives = Math.max(1, Number(record.attributes.ApproximateReceiveCount) || 1);
    this.#startedAt = dependencies.now();
    this.#livingOwner = livingOwner(record);
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
    const { jobId } = message;
    const lease = async () => {
      const outcome = await store.lease({
        jobId,
        owner,
        nowMs: now(),
        leaseMs,
        redriven,
        livingOwner: this.#livingOwner,
      });
      if (outcome.kind === 'leased') this.#livingOwner = owner;
      return outcome;
    };
    const outcome = await lease();
    if (outcome.kind !== 'leased') return this.#onRefusal(outcome);
    return outcome.job.abandoned ? this.#inTurn(outcome.job, lease) : this.#settle(outcome.job);
  }

  /**
   * Runs a job that workers have died over, alone. While it waits for its turn it is nobody's, so that a worker that
   * dies meanwhile has not died over it; where too little time is left for it then, another worker has it.
   */
  async #inTurn(job: Job, lease: () => Promise<LeaseOutcome>): Promise<RecordOutcome> {
    const { now, random } = this.dependencies;
    const { turns, deadline, log } = this.invocation;
    await this.#release(job, { failedSince: job.failedSince });
    await turns.wait();
    if (isTooLate({ startedAt: this.#startedAt, deadline, nowMs: now() })) {
      log.info('The turn of the job came too late.');
      return this.#postpone(random() * MOST_TURN_DELAY_MS);
    }
    this.#startedAt = now();
    const outcome = await lease();
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
    if (!isInfrastructureFault(error)) return this.#return(this.#backoffMs());
    this.dependencies.count(MetricName.INFRASTRUCTURE_FAULTS);
    return this.#postpone(this.#holdBackMs(0));
  }

  #onRefusal(refusal: LeaseRefusal): Promise<RecordOutcome> | RecordOutcome {
    const { log } = this.invocation;
    switch (refusal.kind) {
      case 'held': {
        log.info('Another worker holds the job.');
        const waitMs = refusal.untilMs - this.dependencies.now() + 1_000;
        return this.#isLastReceive ? this.#postpone(waitMs) : this.#return(waitMs);
      }
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
        await this.#closeSpending(job);
        count(MetricName.JOBS_FAILED);
        log.warn('The job failed.', { failure: outcome.failure });
        return 'acknowledged';
      case 'unfinished':
        return this.#onUnfinished(job, outcome);
      case 'held-back':
        return this.#requeue(job, outcome.retryAfterMs);
      case 'held-by-spend':
        count(MetricName.JOBS_HELD_BY_SPEND);
        return this.#requeue(job, outcome.retryAfterMs);
    }
  }

  async #onUnfinished(job: Job, { fault, failure, retryAfterMs = 0 }: Unfinished): Promise<RecordOutcome> {
    const { now, count, patienceMs } = this.dependencies;
    const { log } = this.invocation;
    if (fault === 'infrastructure') count(MetricName.INFRASTRUCTURE_FAULTS);
    const isUpstreams = fault === 'upstream' || fault === 'turned-away';
    const failedSince = isUpstreams ? (job.failedSince ?? now()) : job.failedSince;
    const facts = isUpstreams
      ? await readOutageFacts(this.#isLastReceive, this.dependencies, this.invocation)
      : undefined;
    const times = { startedAt: this.#startedAt, nowMs: now() };
    const outage = nextOutageRecord(job.outage, fault, facts, times);
    const decision = decideFailure({
      kind: fault,
      isLastReceive: this.#isLastReceive,
      failedSince: failedSince ?? now(),
      before: job.outage,
      after: outage,
      facts,
      patienceMs,
    });
    switch (decision) {
      case 'return': {
        const delayMs = Math.max(this.#backoffMs(), retryAfterMs);
        await this.#release(job, { failure, failedSince, delayMs });
        log.warn('The job goes back to the queue.', { failure });
        return this.#return(delayMs);
      }
      case 'dead-letter':
        return this.#deadLetter(job, failure);
      case 'trip-and-hold':
        await openBreaker(this.dependencies, { reason: 'no-job-served', expectedEpoch: facts?.epoch ?? 0, log });
        return this.#requeue(job, this.#holdBackMs(retryAfterMs), { failure, outage });
      case 'hold':
        return this.#requeue(job, this.#holdBackMs(retryAfterMs), { failure, outage });
    }
  }

  /**
   * Milliseconds before a job that met the outage is tried again: past the open window, or for as long as one lasts
   * where there is none, and behind the other jobs.
   */
  #holdBackMs(retryAfterMs: number): number {
    const { breaker, openForMs, now, random } = this.dependencies;
    const waitMs = Math.max(windowLeftMs(breaker.state(), openForMs, now()), retryAfterMs, 1_000);
    return waitMs + Math.floor(random() * waitMs);
  }

  /**
   * Sends a copy of the message and acknowledges this one: an outage burns no receive, and the retention starts anew.
   * A crash in between leaves two messages for one job, of which the lease lets one through at a time.
   */
  async #requeue(job: Job, waitMs: number, change: Pick<Release, 'failure' | 'outage'> = {}): Promise<RecordOutcome> {
    const { queue, count } = this.dependencies;
    const delaySeconds = delayOf(waitMs);
    await this.#release(job, { ...change, delayMs: delaySeconds * 1_000 });
    await sendCopy(queue, this.record, job, { delaySeconds });
    count(MetricName.JOBS_REQUEUED);
    this.invocation.log.info('The job waits for the upstream.', { delaySeconds, failure: change.failure });
    return 'acknowledged';
  }

  /**
   * Sends a copy where the job's row is not this worker's to write, or cannot be written: neither a fault of AWS nor
   * another's lease burns a receive. As nothing can be noted in the row, patience counts from the message's own date.
   */
  async #postpone(waitMs: number): Promise<RecordOutcome> {
    const { queue, now, count, patienceMs } = this.dependencies;
    const message = parseJobMessage(this.record.body);
    const since = firstQueuedAt(this.record) ?? Number.NEGATIVE_INFINITY;
    if (!message || now() - since >= patienceMs) return this.#return(waitMs);
    try {
      // The group is the client's, whom only the row names otherwise.
      const clientId = this.record.attributes.MessageGroupId ?? message.jobId;
      const others = { delaySeconds: delayOf(waitMs), livingOwner: this.#livingOwner };
      await sendCopy(queue, this.record, { ...message, clientId }, others);
    } catch (error) {
      this.invocation.log.warn('The message could not be sent anew.', error as Error);
      return this.#return(waitMs);
    }
    count(MetricName.JOBS_REQUEUED);
    return 'acknowledged';
  }

  /**
   * Gives the job up: after the last receive the queue moves its message by itself. Before that a copy goes first: a
   * crash in between leaves the message, whose next receive finds the job as it was.
   */
  async #deadLetter(job: Job, failure: Failure): Promise<RecordOutcome> {
    const { store, deadLetterQueue, now, count } = this.dependencies;
    if (!this.#isLastReceive) await sendCopy(deadLetterQueue, this.record, job);
    await store.deadLetter(job, failure, now());
    await this.#closeSpending(job);
    count(MetricName.JOBS_DEAD_LETTERED);
    this.invocation.log.error('The job is given up, and goes to the dead-letter queue.', { failure });
    return this.#isLastReceive ? this.#keepMessage(0) : 'acknowledged';
  }

  #closeSpending(job: Job): Promise<void> {
    const { deadline, log } = this.invocation;
    return this.dependencies.spending.close(job, { deadline: deadline + CLOSE_MS, log });
  }

  #release(job: Job, release: Omit<Release, 'nowMs'>): Promise<void> {
    const nowMs = this.dependencies.now();
    return releaseJob(job, { nowMs, ...release }, this.dependencies, this.invocation.deadline);
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
