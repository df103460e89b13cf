/** What the key sweeper is invoked with; an event of a schedule has none of these fields. */
export interface SweepRequest {
  /**
   * Ends every key that the secret has held and that is neither current nor pending, at once, without grace, and for
   * good: a key of a pool is archived, so that no later rotation makes it current again.
   *
   * @default false
   */
  readonly revoke?: boolean;
}

/** What the key sweeper answers. */
export interface SweepAnswer {
  /** Keys that the provider ended in this run. */
  readonly retired: number;
  /** Keys of the pool that are current or could be; only of a pool. */
  readonly healthy?: number;
}
