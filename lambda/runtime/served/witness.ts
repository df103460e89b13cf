import type { Clock } from '../clock/clock';
import type { IServedStore } from './served-store';

export interface WitnessOptions {
  /** Name of the upstream. */
  readonly upstream: string;
  readonly store: IServedStore;
  readonly now: Clock;
  /** Milliseconds between two writes of one process. @default 1000 */
  readonly everyMs?: number;
  /** Told when a write failed; must not throw. */
  readonly onUnwritten?: (error: unknown) => void;
}

/** What tells an upstream that serves nobody from one that serves all but one job. */
export interface IWitness {
  /** A call that began at `startedAt` has succeeded; never rejects. */
  served(startedAt: number): Promise<void>;
  /** Start of the newest call that succeeded anywhere in the fleet. @throws where the store cannot be read */
  newest(): Promise<number | undefined>;
}

/** Tells the fleet when a call succeeded: seldom enough for one row, and only of calls that are newer. */
export class Witness implements IWitness {
  readonly #options: Required<Omit<WitnessOptions, 'onUnwritten'>> & Pick<WitnessOptions, 'onUnwritten'>;
  #newest = Number.NEGATIVE_INFINITY;
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(options: WitnessOptions) {
    this.#options = { ...options, everyMs: options.everyMs ?? 1_000 };
  }

  async served(startedAt: number): Promise<void> {
    const { upstream, store, now, everyMs, onUnwritten } = this.#options;
    if (startedAt <= this.#newest) return;
    this.#newest = startedAt;
    const nowMs = now();
    if (nowMs - this.#writtenAt < everyMs) return;
    this.#writtenAt = nowMs;
    try {
      await store.advance(upstream, startedAt);
    } catch (error) {
      onUnwritten?.(error);
    }
  }

  async newest(): Promise<number | undefined> {
    const shared = (await this.#options.store.read(this.#options.upstream)) ?? Number.NEGATIVE_INFINITY;
    const newest = Math.max(shared, this.#newest);
    return newest === Number.NEGATIVE_INFINITY ? undefined : newest;
  }
}
