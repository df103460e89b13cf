import type { PriceBook } from './price-book';
import type { Usd } from './usd';

/** What may be spent upstream, and what it costs. */
export interface SpendSettings {
  /** Most that may be committed in one UTC day, by all clients together: more than 0, and at most `perMonth`. */
  readonly perDay: Usd;

  /** Most that may be committed in one UTC month, by all clients together. */
  readonly perMonth: Usd;

  /** What the models cost. A model that is not in it is refused before any call. */
  readonly prices: PriceBook;

  /**
   * Rows that the caps are leased to, so that no row is written by everybody: between 1 and 64. May be changed at any time.
   *
   * @default 16
   */
  readonly shards?: number;

  /**
   * Percentages of each cap that, once they are spent, somebody is told of: up to 5 different integers between 1 and 99.
   *
   * @default [50, 80, 95]
   */
  readonly warnAtPercent?: number[];
}
