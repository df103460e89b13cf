import { MetricName } from '../../lib/contract/metrics';
import {
  type PriceBook,
  priceOf,
  UnknownModelError,
  UnknownPriceError,
  worstCasePrice,
} from '../../lib/contract/price-book';
import type { Job, Usage } from '../runtime/jobs/job';
import type { Count, Log } from '../runtime/observability/observability';
import { RetryError } from '../runtime/retry/errors';
import type { RetryPolicy } from '../runtime/retry/retry-policy';
import type { BeginOutcome, ISpendLedger, Refused, RefusedByCut } from '../runtime/spend/ledger';
import { UpstreamError } from '../upstream/errors';

/** Thrown before a call that no cap covers, or while spending is cut off: nothing was sent. */
export class SpendRefusedError extends Error {
  override readonly name = 'SpendRefusedError';

  constructor(readonly refused: Refused | RefusedByCut) {
    super(refused.kind === 'cut' ? 'Spending is cut off.' : `The cap ${refused.cap} does not cover the call.`);
  }
}

/** Whether an error says that a call must not be made: no cap covers it, spending is cut off, or its price is not known. */
export const isCallRefused = (error: unknown): boolean =>
  error instanceof SpendRefusedError || error instanceof UnknownModelError || error instanceof UnknownPriceError;

/** A call of a job, as the ledger knows it. */
export interface PaidCall {
  readonly job: Job;
  /** Another one for each call that is made. */
  readonly callId: string;
  /** When it began, in milliseconds since the epoch: its price is that of then. */
  readonly startedAt: number;
}

/** Keeps account of what the calls of jobs cost. */
export interface IJobSpending {
  /**
   * Marks a call as sent, before it is made.
   * @throws SpendRefusedError, UnknownModelError or UnknownPriceError where it must not be made; else the ledger's error
   */
  begin(call: PaidCall): Promise<void>;
  /** Records what a call has cost that gave a completion. Never throws: what is not recorded stays at its estimate. */
  served(call: PaidCall, usage: Usage, context: SpendContext): Promise<void>;
  /** Records that a call has cost nothing. Never throws. */
  free(call: PaidCall, context: SpendContext): Promise<void>;
  /** Gives back what a job holds that has ended. Never throws: the sweep of leases does it otherwise. */
  close(job: Job, context: SpendContext): Promise<void>;
}

export interface SpendContext {
  /** Milliseconds since the epoch by which the record must be made. */
  readonly deadline: number;
  readonly log: Log;
}

export interface JobSpendingTools {
  readonly ledger: Pick<ISpendLedger, 'reserve' | 'begin' | 'settle' | 'close'>;
  readonly prices: PriceBook;
  /** How a record is retried. */
  readonly retries: RetryPolicy;
  readonly count: Count;
}

/** Times that a call is begun whose reservation is missing, or is made meanwhile. */
const BEGIN_ATTEMPTS = 3;

/** Statuses under which the work may have been done, and only its answer is late or lost, whoever words the error. */
const BROKEN_OFF: ReadonlySet<number | undefined> = new Set([undefined, 200, 408, 409, 425, 502, 504]);

/**
 * Whether a failed call has certainly cost nothing: it never reached the provider, or the provider itself said that it
 * failed before it did the work. Any other may be on the bill.
 */
export const hasCostNothing = (error: unknown): boolean =>
  error instanceof UpstreamError &&
  (!error.paid || (error.providerType !== undefined && !BROKEN_OFF.has(error.status)));

/** Accounts for calls in the spend ledger, at the prices of the price book. */
export class JobSpending implements IJobSpending {
  constructor(readonly tools: JobSpendingTools) {}

  async begin({ job, callId, startedAt }: PaidCall): Promise<void> {
    const { ledger, prices } = this.tools;
    const estimate = worstCasePrice(prices, job.model, job.reservation, startedAt);
    for (let attempt = 1; attempt <= BEGIN_ATTEMPTS; attempt += 1) {
      const outcome = await ledger.begin(job.jobId, { callId, estimate, nowMs: startedAt });
      if (this.#isBegun(outcome)) return;
      await this.#reserve(job, estimate, startedAt);
    }
    throw new Error('The call could not be begun in the ledger.');
  }

  /** Answers false where there is no reservation. */
  #isBegun(outcome: BeginOutcome): boolean {
    switch (outcome.kind) {
      case 'begun':
        return true;
      case 'missing':
        return false;
      case 'ended':
        throw new Error('The call has ended already.');
      default:
        throw new SpendRefusedError(outcome);
    }
  }

  /** For a job that was accepted before there was a ledger: whose caps its client had then is not known any more. */
  async #reserve({ jobId, clientId, expiresAt }: Job, estimate: number, nowMs: number): Promise<void> {
    const request = { id: jobId, clientId, clientCaps: {}, estimate, nowMs, keepUntil: expiresAt };
    const outcome = await this.tools.ledger.reserve(request);
    if (outcome.kind === 'refused' || outcome.kind === 'cut') throw new SpendRefusedError(outcome);
  }

  async served({ job, callId, startedAt }: PaidCall, usage: Usage, context: SpendContext): Promise<void> {
    const { ledger, prices, count } = this.tools;
    await this.#record(context, async () => {
      const amount = priceOf(prices, job.model, usage, startedAt);
      const outcome = await ledger.settle(job.jobId, { callId, amount, close: true });
      if (outcome.kind !== 'settled' || outcome.repeated) return;
      count(MetricName.SPEND, amount);
      if (outcome.overrunMicroUsd === 0) return;
      count(MetricName.SPEND_OVERRUN, outcome.overrunMicroUsd);
      context.log.error('A call has cost more than was reserved for it.', { overrunMicroUsd: outcome.overrunMicroUsd });
    });
  }

  async free({ job, callId }: PaidCall, context: SpendContext): Promise<void> {
    await this.#record(context, () => this.tools.ledger.settle(job.jobId, { callId, amount: 0 }));
  }

  async close({ jobId }: Job, context: SpendContext): Promise<void> {
    await this.#record(context, () => this.tools.ledger.close(jobId));
  }

  async #record({ deadline, log }: SpendContext, write: () => Promise<unknown>): Promise<void> {
    try {
      await this.tools.retries.execute(async () => void (await write()), { deadline });
    } catch (error) {
      const cause = error instanceof RetryError ? error.cause : error;
      this.tools.count(MetricName.LEDGER_UNAVAILABLE);
      log.error('What a call has cost could not be recorded: it stays at its estimate.', cause as Error);
    }
  }
}
