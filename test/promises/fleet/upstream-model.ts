import type { Random } from '../../../lambda/runtime/clock/clock';
import type { Submission } from '../../../lambda/runtime/jobs/submission';
import type { CallOptions, Completion, IUpstream } from '../../../lambda/upstream/upstream';
import { between } from './seeded-random';
import { type Fault, failBy, type OutageKind } from './upstream-answers';
import type { VirtualTime } from './virtual-time';

/** Milliseconds since the simulation's begin during which the upstream serves nobody: [from, to). */
export type Outage = readonly [fromMs: number, toMs: number];

export const OUTAGE_KINDS: readonly OutageKind[] = ['refuses', 'errors', 'overloaded', 'hangs', 'forbids'];

/** One call as the upstream saw it. */
export interface SeenCall {
  readonly atMs: number;
  /** Whether the upstream was down when the call began. */
  readonly isDown: boolean;
  /** Whether the caller could not reach the breaker's store, and went by what it had known before. */
  readonly isBlind: boolean;
  readonly isPoison: boolean;
}

export interface ModelCallOptions extends Pick<CallOptions, 'timeoutMs'> {
  readonly isBlind?: boolean;
}

export interface UpstreamModelOptions {
  readonly outages: readonly Outage[];
  /** By the order of the outages, again from the first when there are more. */
  readonly kinds: readonly OutageKind[];
  readonly callMs: readonly [least: number, most: number];
}

/** In the text of a job that the upstream can never serve, however well it is. */
export const POISON = 'poison';

const completion: Completion = {
  text: 'ok',
  stopReason: 'end_turn',
  model: 'model',
  usage: { inputTokens: 1, outputTokens: 1, cacheWriteTokens: 0, cacheReadTokens: 0 },
};

/** Milliseconds after which a failing upstream answers; one that hangs does not. */
const FAILS_WITHIN_MS: Record<OutageKind, readonly [least: number, most: number]> = {
  refuses: [1, 50],
  errors: [50, 2_000],
  overloaded: [20, 500],
  hangs: [0, 0],
  busy: [20, 500],
  limits: [20, 500],
  'locks-out': [20, 500],
  forbids: [20, 500],
  'wants-money': [20, 500],
};

/** The paid upstream in virtual time: well but for its outages, and it remembers every call. */
export class UpstreamModel implements IUpstream {
  readonly calls: SeenCall[] = [];
  running = 0;
  succeeded = 0;

  constructor(
    readonly time: VirtualTime,
    readonly random: Random,
    readonly options: UpstreamModelOptions,
  ) {}

  complete(submission: Submission, { timeoutMs, isBlind = false }: ModelCallOptions): Promise<Completion> {
    const at = this.#outageAt(this.time.elapsedMs);
    const isPoison = submission.messages[0]?.content === POISON;
    this.calls.push({ atMs: this.time.elapsedMs, isDown: at >= 0, isBlind, isPoison });
    this.running += 1;
    if (at >= 0) return this.#fail(at, timeoutMs);
    if (isPoison) return this.#settle(between(this.random, 50, 500), 'errors');
    const [least, most] = this.options.callMs;
    const callMs = between(this.random, least, most);
    const breaksInMs = this.#nextOutageIn(callMs);
    if (breaksInMs !== undefined) return this.#settle(Math.min(breaksInMs, timeoutMs), 'breaks');
    return callMs > timeoutMs ? this.#settle(timeoutMs, 'hangs') : this.#settle(callMs);
  }

  #fail(outage: number, timeoutMs: number): Promise<Completion> {
    const kind = this.options.kinds[outage % this.options.kinds.length] ?? 'errors';
    const [least, most] = FAILS_WITHIN_MS[kind];
    const ms = kind === 'hangs' ? timeoutMs : Math.min(timeoutMs, between(this.random, least, most));
    return this.#settle(ms, kind);
  }

  #settle(ms: number, fault?: Fault): Promise<Completion> {
    return new Promise((resolve) => {
      this.time.after(ms, () => {
        this.running -= 1;
        if (fault) return resolve(failBy(fault, this.time.now()));
        this.succeeded += 1;
        resolve(completion);
      });
    });
  }

  #outageAt(elapsedMs: number): number {
    return this.options.outages.findIndex(([from, to]) => elapsedMs >= from && elapsedMs < to);
  }

  #nextOutageIn(ms: number): number | undefined {
    const now = this.time.elapsedMs;
    const next = this.options.outages.find(([from]) => from > now && from <= now + ms);
    return next && next[0] - now;
  }
}
