import { PriceBook } from '../../../lib/spend/price-book';
import { Usd } from '../../../lib/spend/usd';

/** Caps and prices for stacks of tests that are about something else. */
export const SPEND = {
  perDay: Usd.dollars(10),
  perMonth: Usd.dollars(100),
  prices: PriceBook.of({
    models: {
      'claude-sonnet-4-5': [
        { validFrom: '2026-01-01T00:00Z', input: '3', output: '15', cacheRead: '0.3', cacheWrite: '3.75' },
      ],
    },
  }),
};
