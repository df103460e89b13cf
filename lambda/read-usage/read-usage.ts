import type { PlanTerms } from '../../lib/contract/client-plan';
import { Problem } from '../../lib/contract/problems';
import type { Log } from '../runtime/observability/observability';
import { ProblemError } from '../runtime/problems/errors';
import { RateLimitUnavailableError } from '../runtime/rate-limit/errors';
import type { IRateLimiter } from '../runtime/rate-limit/rate-limiter';
import type { LimitUsage } from '../runtime/rate-limit/usage';
import type { ISpendReader, SpendUsage } from './spend-reader';

export interface ReadUsageDependencies {
  readonly limiter: Pick<IRateLimiter, 'usage'>;
  /** @default - the answer says nothing of money */
  readonly spend?: ISpendReader;
  readonly log: Log;
}

/** What a client may do, has done and has left. */
export interface UsageView extends LimitUsage {
  /** Name of its plan. */
  readonly plan: string;
  readonly rate: LimitUsage['rate'] & { readonly requestsPerSecond: number };
  /** In micro-USD. @default - the service keeps no ledger */
  readonly spend?: SpendUsage & {
    /** What the worst case of one job may cost. @default - no cap of its own */
    readonly perJob?: number;
  };
}

const readSpend = async (
  clientId: string,
  terms: PlanTerms,
  { spend, log }: ReadUsageDependencies,
): Promise<UsageView['spend']> => {
  if (!spend) return undefined;
  try {
    return { ...(await spend.readSpend(clientId, terms)), perJob: terms.spendPerJob };
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    log.error('What the client has spent is not known.', error as Error);
    throw new ProblemError(Problem.LEDGER_UNAVAILABLE);
  }
};

const readLimits = async (
  clientId: string,
  terms: PlanTerms,
  { limiter, log }: ReadUsageDependencies,
): Promise<LimitUsage> => {
  try {
    return await limiter.usage(clientId, terms);
  } catch (error) {
    if (!(error instanceof RateLimitUnavailableError)) throw error;
    log.error('The limits of the client are not known.', error);
    throw new ProblemError(Problem.UNAVAILABLE);
  }
};

/**
 * What a client may do, has done and has left. Counts nothing.
 * @throws ProblemError 503 where limits or spend are not known.
 */
export const readUsage = async (
  clientId: string,
  terms: PlanTerms,
  dependencies: ReadUsageDependencies,
): Promise<UsageView> => {
  const [{ rate, day, month }, spend] = await Promise.all([
    readLimits(clientId, terms, dependencies),
    readSpend(clientId, terms, dependencies),
  ]);
  return {
    plan: terms.name,
    rate: { requestsPerSecond: terms.requestsPerSecond, ...rate },
    day,
    month,
    ...(spend && { spend }),
  };
};
