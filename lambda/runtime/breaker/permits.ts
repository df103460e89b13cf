import type { Permit } from './breaker';

/** What a permit tells the breaker that gave it. */
export interface PermitKeeper {
  /** A call of the closed breaker ended; `generation` is the breaker's when the permit was given. */
  settle(generation: number, failed: boolean, durationMs: number): Promise<void> | void;
  settleProbe(
    owner: string,
    epoch: number,
    end: 'succeeded' | 'failed' | 'released',
    durationMs: number,
  ): Promise<void>;
}

/** One for all calls of one closed generation: it holds nothing of a single call. */
export class NormalPermit implements Permit {
  readonly kind = 'normal';
  readonly #keeper: PermitKeeper;
  readonly #generation: number;

  constructor(keeper: PermitKeeper, generation: number) {
    this.#keeper = keeper;
    this.#generation = generation;
  }

  success(durationMs: number): Promise<void> | void {
    return this.#keeper.settle(this.#generation, false, durationMs);
  }

  failure(durationMs: number): Promise<void> | void {
    return this.#keeper.settle(this.#generation, true, durationMs);
  }

  abandon(): void {
    // Nothing was counted when the permit was given.
  }
}

/** The fleet's one probe. A second settling is ignored: the first has given the right away. */
export class ProbePermit implements Permit {
  readonly kind = 'probe';
  readonly #keeper: PermitKeeper;
  readonly #owner: string;
  readonly #epoch: number;

  constructor(keeper: PermitKeeper, owner: string, epoch: number) {
    this.#keeper = keeper;
    this.#owner = owner;
    this.#epoch = epoch;
  }

  success(durationMs: number): Promise<void> {
    return this.#keeper.settleProbe(this.#owner, this.#epoch, 'succeeded', durationMs);
  }

  failure(durationMs: number): Promise<void> {
    return this.#keeper.settleProbe(this.#owner, this.#epoch, 'failed', durationMs);
  }

  abandon(): Promise<void> {
    return this.#keeper.settleProbe(this.#owner, this.#epoch, 'released', 0);
  }
}
