import { BreakerStatus } from '../../../lib/contract/control';
import type { Clock, Random, Sleep } from '../clock/clock';
import type { BreakerState, BreakerView } from './breaker';
import type { BreakerObserver } from './breaker-options';
import type { IBreakerStore, StoreAnswer } from './breaker-store';
import { BreakerStoreTimeoutError } from './errors';
import { type MaybeRow, stateOf } from './transitions';
import { within } from './within';

export interface StateKeeperOptions {
  readonly name: string;
  readonly store: IBreakerStore | undefined;
  readonly cacheMs: number;
  readonly storeTimeoutMs: number;
  readonly observer: BreakerObserver;
  readonly now: Clock;
  readonly random: Random;
  readonly sleep: Sleep;
}

/** A command in both its forms: for the store, and by the pure rule where there is none or it cannot be reached. */
export interface Command {
  readonly inStore: (store: IBreakerStore) => Promise<StoreAnswer>;
  readonly locally: (row: MaybeRow) => MaybeRow;
}

/** Holds the row as this process knows it: from the store while that answers, its own otherwise. */
export class StateKeeper {
  /** Whether the breaker is closed, as known. */
  isClosed = true;
  /** Milliseconds since the epoch until which the row needs no reading. */
  freshUntil: number;
  /** Grows with whatever makes the results of earlier calls meaningless. */
  generation = 0;
  row: MaybeRow;
  readonly #options: StateKeeperOptions;
  readonly #onAdopted: () => void;
  #state: BreakerState = { status: 'closed', epoch: 0 };
  /** The store's epoch, as last read; while degraded, this process counts on from it alone. */
  #sharedEpoch = 0;
  /** Grows with each command, so that a read that was under way meanwhile is not taken for the newer truth. */
  #commands = 0;
  #degraded = false;
  #reading: Promise<void> | undefined;

  constructor(options: StateKeeperOptions, onAdopted: () => void) {
    this.#options = options;
    this.#onAdopted = onAdopted;
    this.freshUntil = options.store ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  view(): BreakerView {
    return { ...this.#state, degraded: this.#degraded };
  }

  /** Reads the store, once for all who ask meanwhile; never rejects. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /**
   * Carries the command out, and answers whether it took effect; never rejects. With more than one try, a store that
   * fails is asked again at once, while `storeTimeoutMs` has not passed: the command must bear to come twice.
   */
  async carryOut({ inStore, locally }: Command, tries = 1): Promise<boolean> {
    const { store, now } = this.#options;
    const knownUnreachable = this.#degraded && now() < this.freshUntil;
    this.#commands += 1;
    if (store && !knownUnreachable) {
      try {
        const { done, row } = await this.#insist(() => inStore(store), tries);
        this.#commands += 1;
        this.#reached(row);
        return done;
      } catch (error) {
        this.#unreachable(error);
      }
    }
    return this.adopt(locally(this.row));
  }

  /** Takes over a row of this process's own making; answers whether there is one. */
  adopt(row: MaybeRow): boolean {
    if (!row) return false;
    this.#commands += 1;
    this.#become(row);
    return true;
  }

  async #read(): Promise<void> {
    const { store, name } = this.#options;
    if (!store) return;
    const commands = this.#commands;
    try {
      const row = await this.#handOver(store, await this.#inTime(store.read(name)));
      if (commands === this.#commands) this.#reached(row);
    } catch (error) {
      this.#unreachable(error);
    }
  }

  /** What this process found out while it was alone, the fleet is told; unless the fleet knows more by now. */
  async #handOver(store: IBreakerStore, row: MaybeRow): Promise<MaybeRow> {
    const own = this.row;
    if (!this.#degraded || own?.status !== BreakerStatus.OPEN) return row;
    const { openUntil = own.changedAt, reason } = own;
    // The store refuses where it has another epoch than this process last read.
    const command = { expectedEpoch: this.#sharedEpoch, nowMs: this.#options.now(), openUntil, reason };
    return (await this.#inTime(store.trip(this.#options.name, command))).row;
  }

  async #insist<T>(ask: () => Promise<T>, tries: number): Promise<T> {
    const { now, storeTimeoutMs } = this.#options;
    const until = now() + storeTimeoutMs;
    for (let left = tries - 1; ; left -= 1) {
      try {
        return await this.#inTime(ask());
      } catch (error) {
        if (left < 1 || now() >= until) throw error;
      }
    }
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    const { name, storeTimeoutMs, sleep } = this.#options;
    return within(work, storeTimeoutMs, sleep, () => new BreakerStoreTimeoutError(name, storeTimeoutMs));
  }

  #reached(row: MaybeRow): void {
    this.#sharedEpoch = row?.epoch ?? 0;
    this.#stayFresh();
    this.#become(row);
    if (!this.#degraded) return;
    this.#degraded = false;
    this.tell((observer) => observer.onDegraded?.(false));
  }

  #unreachable(error: unknown): void {
    this.#stayFresh();
    if (this.#degraded) return;
    this.#degraded = true;
    this.tell((observer) => observer.onDegraded?.(true, error));
  }

  /** At random, so that a fleet does not read in step. */
  #stayFresh(): void {
    const { now, random, cacheMs } = this.#options;
    this.freshUntil = now() + cacheMs * (1 + random());
  }

  #become(row: MaybeRow): void {
    const from = this.#state;
    const to = stateOf(row);
    this.row = row;
    this.#state = to;
    this.isClosed = to.status === 'closed';
    const isChange = to.status !== from.status || to.epoch !== from.epoch;
    if (isChange) this.generation += 1;
    this.#onAdopted();
    if (isChange) this.tell((observer) => observer.onChange?.(to, from, row?.reason ?? 'no-row'));
  }

  /** Tells the observer. */
  tell(say: (observer: BreakerObserver) => void): void {
    try {
      say(this.#options.observer);
    } catch {
      // Whoever only listens must not decide whether a paid call is made.
    }
  }
}
