/** What the key sweeper is invoked with; an event of a schedule has none of these fields. */
export interface SweepRequest {
  /**
   * Ends a leaked key that is neither current nor pending at once, without grace, and for good: a key of a pool is
   * archived, so that no later rotation makes it current again. Every other key keeps its grace and its turn.
   *
   * @default false
   */
  readonly revoke?: boolean;
  /**
   * The provider's id of the leaked key, which the secret must have held; only with `revoke`.
   *
   * @default - the key that was current before the current one
   */
  readonly keyId?: string;
}

/** What the key sweeper answers. */
export interface SweepAnswer {
  /** Keys that the provider ended in this run, by their grace or as leaked. */
  readonly retired: number;
  /** Keys of the pool that are current or could be; only of a pool. */
  readonly healthy?: number;
  /** Ids of the other keys of the pool: archived, unknown to the provider, or refused when their turn came. */
  readonly unhealthy?: readonly string[];
  /** Leaked keys that may work still, and have to be ended by hand at the provider; absent where there are none. */
  readonly unended?: number;
}
