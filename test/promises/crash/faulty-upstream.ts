import type { Random } from '../../../lambda/runtime/clock/clock';
import type { Submission } from '../../../lambda/runtime/jobs/submission';
import { UpstreamError, type UpstreamErrorDetails } from '../../../lambda/upstream/errors';
import type { CallOptions, Completion, IUpstream } from '../../../lambda/upstream/upstream';
import { between } from '../fleet/seeded-random';
import type { VirtualTime } from '../fleet/virtual-time';
import { type MortalProcess, UPSTREAM_STEP } from './mortal-process';

/** How the upstream treats one call. */
export type Treatment = 'serves' | keyof typeof FAULTS;

/** Every way of failing, as the adapter of the Messages API reports it; `isPaid`: the work was done and is billed. */
const FAULTS = {
  errors: { isPaid: false, details: { reason: 'upstream-error', status: 500 } },
  'rate-limits': { isPaid: false, details: { reason: 'upstream-rate-limited', status: 429, retryAfterMs: 1_000 } },
  overloaded: { isPaid: false, details: { reason: 'upstream-error', status: 529 } },
  'breaks-before-answer': { isPaid: false, details: { reason: 'upstream-connection', firstByteArrived: false } },
  'breaks-in-answer': { isPaid: true, details: { reason: 'upstream-connection' } },
  'answers-nonsense': { isPaid: true, details: { reason: 'upstream-malformed', status: 200, disposition: 'return' } },
  hangs: { isPaid: true, details: { reason: 'upstream-timeout', firstByteArrived: false } },
  refuses: { isPaid: false, details: { reason: 'upstream-refused', status: 400, disposition: 'refuse' } },
} as const satisfies Record<string, { isPaid: boolean; details: Partial<UpstreamErrorDetails> }>;

/** The faults that another call may not meet. */
export const PASSING_FAULTS: readonly Treatment[] = [
  'errors',
  'rate-limits',
  'overloaded',
  'breaks-before-answer',
  'breaks-in-answer',
  'answers-nonsense',
  'hangs',
];

/** A call that the upstream was begun to be paid for. */
export interface PaidCall {
  readonly job: string;
  readonly treatment: Treatment;
  readonly process: MortalProcess;
  /** Whether its completion became the job's result. */
  isRecorded: boolean;
}

/** The paid upstream: it treats each call as it is told, and remembers which of them it would bill. */
export class FaultyUpstream {
  readonly paid: PaidCall[] = [];

  constructor(
    readonly time: VirtualTime,
    readonly random: Random,
    /** Treatment of the `call`-th call for a job, counted from 1. */
    readonly treat: (job: string, call: number) => Treatment,
  ) {}

  readonly #callsOf = new Map<string, number>();

  /** Calls that were made for a job, paid or not. */
  callsFor(job: string): number {
    return this.#callsOf.get(job) ?? 0;
  }

  /** The upstream as one process reaches it. */
  asSeenBy(process: MortalProcess): IUpstream {
    return { complete: (submission, options) => this.#complete(submission, options, process) };
  }

  #complete(submission: Submission, { timeoutMs }: CallOptions, process: MortalProcess): Promise<Completion> {
    const job = submission.messages[0]?.content ?? '';
    return process.perform(UPSTREAM_STEP, async () => {
      const call = (this.#callsOf.get(job) ?? 0) + 1;
      this.#callsOf.set(job, call);
      const treatment = this.treat(job, call);
      const isPaid = treatment === 'serves' || FAULTS[treatment].isPaid;
      // Billed as soon as the work is done, whoever still waits for it.
      if (isPaid) this.paid.push({ job, treatment, process, isRecorded: false });
      await this.time.sleep(treatment === 'hangs' ? timeoutMs : Math.min(timeoutMs, between(this.random, 200, 3_000)));
      if (treatment === 'serves') return completionOf(job);
      throw new UpstreamError({ disposition: 'retry', firstByteArrived: true, ...FAULTS[treatment].details });
    });
  }
}

const completionOf = (job: string): Completion => ({
  text: `Answer to ${job}`,
  stopReason: 'end_turn',
  model: 'model',
  usage: { inputTokens: 1, outputTokens: 1, cacheWriteTokens: 0, cacheReadTokens: 0 },
});
