import { join } from 'node:path';
import { PriceBook } from '../lib/spend/price-book';
import type { SpendSettings } from '../lib/spend/spend-settings';
import { Usd } from '../lib/spend/usd';

/** What may be spent upstream in an environment, by all clients together. */
export interface SpendCaps {
  /** Most US dollars in one UTC day: more than 0, at most `monthlyCapUsd`, at most 6 decimals. */
  readonly dailyCapUsd: number;
  /** Most US dollars in one UTC month: at most 10 000 000, at most 6 decimals. */
  readonly monthlyCapUsd: number;
  /**
   * What AWS itself may cost in one month, in US dollars and whole cents, before a fuse keeps new work out: it is told to
   * the alarm topic, and needs one.
   *
   * @default - no budget
   */
  readonly awsBudgetUsd?: number;
}

/** What the models cost: one file for all environments, as the provider asks the same of each. */
const PRICES = join(__dirname, '../config/prices.json');

export const DEV_CAPS: SpendCaps = { dailyCapUsd: 10, monthlyCapUsd: 100, awsBudgetUsd: 50 };

export const STAGING_CAPS: SpendCaps = { dailyCapUsd: 25, monthlyCapUsd: 250, awsBudgetUsd: 100 };

export const PROD_CAPS: SpendCaps = { dailyCapUsd: 250, monthlyCapUsd: 5_000, awsBudgetUsd: 1_000 };

/** Drills lower them by command. */
export const LOCAL_CAPS: SpendCaps = { dailyCapUsd: 100_000, monthlyCapUsd: 1_000_000 };

const MOST_USD = 10_000_000;

/** Whether an amount is one to the millionth of a dollar. */
const isAmount = (usd: number): boolean =>
  usd > 0 && usd <= MOST_USD && Math.round(usd * 1_000_000) / 1_000_000 === usd;

/** Everything that is wrong with the caps of an environment. */
export function spendCapProblems({ dailyCapUsd, monthlyCapUsd, awsBudgetUsd }: SpendCaps): string[] {
  const rule = `must be more than 0 and at most ${MOST_USD} US dollars, with at most 6 decimals`;
  const problems = Object.entries({ dailyCapUsd, monthlyCapUsd })
    .filter(([, usd]) => !isAmount(usd))
    .map(([key, usd]) => `\`${key}\` ${rule}, got: ${usd}`);
  if (problems.length === 0 && dailyCapUsd > monthlyCapUsd) {
    problems.push(`\`dailyCapUsd\` must be at most \`monthlyCapUsd\`, ${monthlyCapUsd}, got: ${dailyCapUsd}`);
  }
  if (
    awsBudgetUsd !== undefined &&
    !(isAmount(awsBudgetUsd) && Math.round(awsBudgetUsd * 100) / 100 === awsBudgetUsd)
  ) {
    problems.push(`\`awsBudgetUsd\` must be more than 0 US dollars, in whole cents, got: ${awsBudgetUsd}`);
  }
  return problems;
}

/** The settings of the data stack's cap. */
export const spendSettingsOf = ({ dailyCapUsd, monthlyCapUsd }: SpendCaps): SpendSettings => ({
  perDay: Usd.dollars(dailyCapUsd),
  perMonth: Usd.dollars(monthlyCapUsd),
  prices: PriceBook.fromFile(PRICES),
});
