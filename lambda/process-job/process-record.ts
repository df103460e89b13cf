import type { SQSRecord } from 'aws-lambda';
import { BreakerStatus, UPSTREAM_BREAKER } from '../../lib/contract/control';
import { FIRST_QUEUED_AT } from '../../lib/contract/messages';
import { MetricName } from '../../lib/contract/metrics';
import { JobStatus } from '../../lib/contract/tables';
import { fullJitter } from '../runtime/backoff/full-jitter';
import { LeaseLostError } from '../runtime/jobs/errors';
import type { Failure, Job } from '../runtime/jobs/job';
import type { Release } from '../runtime/jobs/job-updates';
import type { LeaseRefusal } from '../runtime/jobs/lease';
import { type IWorkQueue, MAX_DELAY_SECONDS, parseJobMessage } from '../runtime/work-queue/work-queue';
import { isOutage } from './breaker-verdict';
import type { Invocation, ProcessDependencies } from './dependencies';
import { factsOfRow, factsOfState, isPatienceOver, nextOutageRecord, type OutageFacts } from './outage-facts';
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

type Unfinished = Extract<RunOutcome, { kind: 'unfinished' }>;

/** When the job was first sent, in milliseconds since the epoch: what an earlier copy says, or this message's date. */
const firstQueuedAt = ({ attributes, messageAttributes }: SQSRecord): number | undefined => {
  const ms = Number(messageAttributes?.[FIRST_QUEUED_AT]?.stringValue ?? attributes.SentTimestamp);
  return Number.isSafeInteger(ms) ? ms : undefined;
};

class RecordProcessing {
  readonly #receives: number;
  readonly #startedAt: number;

  constructor(
    readonly record: SQSRecord,
    readonly dependencies: ProcessDependencies,
    readonly invocation: Invocation,
  ) {
    this.#receives = Math.max(1, Number(record.attributes.ApproximateReceiveCount) || 1);
    this.#startedAt = dependencies.now();
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
      case 'held-back':
        return this.#requeue(job, outcome.retryAfterMs);
    }
  }

  async #giveUp(job: Job, { failure, retryAfterMs = 0 }: Unfinished): Promise<RecordOutcome> {
    const { store, now, count } = this.dependencies;
    const { log } = this.invocation;
    const meetsOutage = isOutage(failure.reason);
    const failedSince = job.failedSince ?? this.#startedAt;
    const facts = meetsOutage ? await this.#outageFacts() : undefined;
    const outage = facts && nextOutageRecord(job.outage, facts, { startedAt: this.#startedAt, nowMs: now() });
    if (facts && outage && this.#isOutages(facts, failedSince)) {
      return isPatienceOver(outage, { nowMs: now(), patienceMs: this.dependencies.patienceMs })
        ? this.#deadLetter(job, failure)
        : this.#requeue(job, this.#holdBackMs(retryAfterMs), { failure, outage });
    }
    if (this.#isLastReceive) {
      await store.deadLetter(job, failure, now());
      count(MetricName.JOBS_DEAD_LETTERED);
      log.error('The job goes to the dead-letter queue.', { failure });
      return this.#keepMessage(0);
    }
    await store.release(job, { nowMs: now(), failure, failedSince: meetsOutage ? failedSince : job.failedSince });
    log.warn('The job goes back to the queue.', { failure });
    return this.#return(Math.max(this.#backoffMs(), retryAfterMs));
  }

  /** Whether the failure is the outage's: while the breaker is open; on the last receive also where it has been since. */
  #isOutages(facts: OutageFacts, failedSince: number): boolean {
    return !facts.isClosed || (this.#isLastReceive && facts.changedAt >= failedSince);
  }

  /**
   * What is known of the outage: of this process, and on the last receive of the store as well, since another worker
   * may know alone of an opening, and this decision must not rest on a cached state.
   */
  async #outageFacts(): Promise<OutageFacts> {
    const { breaker, breakerStore, now } = this.dependencies;
    const known = factsOfState(breaker.state());
    if (!known.isClosed || !this.#isLastReceive) return known;
    try {
      return factsOfRow(await breakerStore.read(UPSTREAM_BREAKER));
    } catch (error) {
      this.invocation.log.warn('The breaker could not be read: the job gets another round.', error as Error);
      return { isClosed: false, changedAt: now(), lastOpenedAt: known.lastOpenedAt };
    }
  }

  /** Milliseconds before a job that met the outage is tried again: past the open window, and behind the other jobs. */
  #holdBackMs(retryAfterMs: number): number {
    const { breaker, now, random } = this.dependencies;
    const state = breaker.state();
    const waitMs = Math.max(state.status === BreakerStatus.OPEN ? state.openUntil - now() : 0, retryAfterMs, 1_000);
    return waitMs + Math.floor(random() * waitMs);
  }

  /**
   * Sends a copy of the message and acknowledges this one: an outage burns no receive, and the retention starts anew.
   * A crash in between leaves two messages for one job, of which the lease lets one through at a time.
   */
  async #requeue(job: Job, waitMs: number, change: Pick<Release, 'failure' | 'outage'> = {}): Promise<RecordOutcome> {
    const { store, queue, now, count } = this.dependencies;
    await store.release(job, { nowMs: now(), ...change });
    const delaySeconds = Math.min(Math.max(1, Math.floor(waitMs / 1_000)), MAX_DELAY_SECONDS);
    await this.#sendCopy(queue, job, delaySeconds);
    count(MetricName.JOBS_REQUEUED);
    this.invocation.log.info('The job waits for the upstream.', { delaySeconds, failure: change.failure });
    return 'acknowledged';
  }

  /**
   * Gives the job up before the last receive. The copy goes first: a crash in between leaves the message, whose next
   * receive finds the job as it was.
   */
  async #deadLetter(job: Job, failure: Failure): Promise<RecordOutcome> {
    const { store, deadLetterQueue, now, count } = this.dependencies;
    await this.#sendCopy(deadLetterQueue, job, 0);
    await store.deadLetter(job, failure, now());
    count(MetricName.JOBS_DEAD_LETTERED);
    this.invocation.log.error('The job is given up, and goes to the dead-letter queue.', { failure });
    return 'acknowledged';
  }

  async #sendCopy(queue: Pick<IWorkQueue, 'send'>, job: Job, delaySeconds: number): Promise<void> {
    const { jobId, correlationId, clientId } = job;
    const copy = { message: { jobId, correlationId }, clientId, firstQueuedAt: firstQueuedAt(this.record) };
    const refused = await queue.send([{ ...copy, delaySeconds }]);
    if (refused.length > 0) throw new Error('The queue did not take the copy of the message.');
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
