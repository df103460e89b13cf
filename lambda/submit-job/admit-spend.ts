import type { PlanTerms } from '../../lib/contract/client-plan';
import { SpendCapName, type SpendCapNameValue } from '../../lib/contract/ledger';
import { MetricName } from '../../lib/contract/metrics';
import { type PriceBook, UnknownModelError, UnknownPriceError, worstCasePrice } from '../../lib/contract/price-book';
import { Problem } from '../../lib/contract/problems';
import type { Reservation } from '../runtime/jobs/job';
import type { Count } from '../runtime/observability/observability';
import { ProblemError } from '../runtime/problems/errors';
import { LedgerBusyError, LedgerUnavailableError } from '../runtime/spend/errors';
import type { Refused, RefusedByCut } from '../runtime/spend/ledger';

/** Which cap refused, in words for the client: of the service's own caps no amount is told. */
const CAPS: Readonly<Record<SpendCapNameValue, string>> = {
  [SpendCapName.CLIENT_DAY]: 'the daily spending cap of this client',
  [SpendCapName.CLIENT_MONTH]: 'the monthly spending cap of this client',
  [SpendCapName.GLOBAL_DAY]: 'the daily spending cap of the service',
  [SpendCapName.GLOBAL_MONTH]: 'the monthly spending cap of the service',
  [SpendCapName.JOB]: 'what one job may cost',
};

/** Seconds after which a request that met a busy ledger may come again. */
const BUSY_SECONDS = 1;

/** Seconds after which one that met a ledger that cannot be reached, or a cut, may come again. */
const UNAVAILABLE_SECONDS = 60;

/** A model that the client may ask for. @throws ProblemError 403 where its plan does not include the model. */
export const checkModel = (model: string, { models }: Pick<PlanTerms, 'models'>): void => {
  if (models && !models.includes(model)) throw new ProblemError(Problem.MODEL_NOT_ALLOWED);
};

/**
 * The worst case of one call for a job, in micro-USD.
 * @throws ProblemError 400 where no price book knows the model or one job may not cost so much, 503 where the model has
 * no price in force.
 */
export const estimateOf = (
  model: string,
  bounds: Reservation,
  { prices, terms, nowMs }: { readonly prices: PriceBook; readonly terms: PlanTerms; readonly nowMs: number },
): number => {
  const estimate = priced(() => worstCasePrice(prices, model, bounds, nowMs));
  if (terms.spendPerJob !== undefined && estimate > terms.spendPerJob) {
    throw new ProblemError(
      Problem.JOB_TOO_EXPENSIVE,
      `Its worst case is ${estimate} micro-USD, of which one job may cost ${terms.spendPerJob}: ask for fewer tokens.`,
    );
  }
  return estimate;
};

const priced = (price: () => number): number => {
  try {
    return price();
  } catch (error) {
    if (error instanceof UnknownModelError) throw new ProblemError(Problem.MODEL_NOT_OFFERED);
    if (error instanceof UnknownPriceError) throw new ProblemError(Problem.PRICE_UNKNOWN);
    throw error;
  }
};

/** What the client is told whom a cap, or the cut-off, refuses. */
export const refusalOf = (refused: Refused | RefusedByCut, nowMs: number): ProblemError => {
  if (refused.kind === 'cut') {
    return new ProblemError(Problem.CUT_OFF, undefined, { retryAfterSeconds: UNAVAILABLE_SECONDS });
  }
  const { cap, resetsAt } = refused;
  if (cap === SpendCapName.JOB) return new ProblemError(Problem.JOB_TOO_EXPENSIVE);
  return new ProblemError(
    Problem.SPEND_CAP_REACHED,
    `What is left of ${CAPS[cap]} does not cover the worst case of this request. Its window ends at ${new Date(resetsAt).toISOString()}.`,
    { retryAfterSeconds: Math.max(1, Math.ceil((resetsAt - nowMs) / 1_000)) },
  );
};

/** Asks the ledger. @throws ProblemError 503 where it does not answer: who is not known to have money has none. */
export const askLedger = async <T>(question: () => Promise<T>, count: Count): Promise<T> => {
  try {
    return await question();
  } catch (error) {
    const isBusy = error instanceof LedgerBusyError;
    if (!isBusy && !(error instanceof LedgerUnavailableError)) throw error;
    if (!isBusy) count(MetricName.LEDGER_UNAVAILABLE);
    throw new ProblemError(Problem.LEDGER_UNAVAILABLE, undefined, {
      retryAfterSeconds: isBusy ? BUSY_SECONDS : UNAVAILABLE_SECONDS,
      cause: error,
    });
  }
};
