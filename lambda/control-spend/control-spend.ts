import { SpendAction, type SpendAnswer, SpendRefusal } from '../../lib/contract/spend-control';
import { answerRequest } from './answer-request';
import type { SpendControlDependencies } from './dependencies';
import { MalformedRequestError, parseSpendRequest } from './spend-request';
import { type Watched, watchSpending } from './watch-spending';

/**
 * Runs as by the schedule, or does what an operator asks for; what is none of it is refused in words.
 *
 * @throws AggregateError where a run of the schedule is not complete
 * @throws LedgerUnavailableError, LedgerBusyError where the ledger does not answer: what was asked for may be half done
 */
export const controlSpend = async (
  event: unknown,
  dependencies: SpendControlDependencies,
): Promise<SpendAnswer | Watched> => {
  try {
    const request = parseSpendRequest(event);
    return request.action === SpendAction.RUN
      ? await watchSpending(dependencies)
      : await answerRequest(request, dependencies);
  } catch (error) {
    if (!(error instanceof MalformedRequestError)) throw error;
    dependencies.log.warn('A request is refused, as it is malformed.', { problem: error.message });
    return { kind: 'refused', code: SpendRefusal.MALFORMED, message: error.message };
  }
};
