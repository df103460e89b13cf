import { UPSTREAM_BREAKER } from '../../lib/contract/control';
import type { Invocation, ProcessDependencies } from './dependencies';
import { factsOfRow, factsOfState, NEVER, type OutageFacts, unknownFacts } from './outage-facts';

/**
 * What is known of the outage: of this process, and on the last receive of the store as well, since another worker may
 * know alone of an opening, and what is decided then must not rest on a cached state.
 */
export const readOutageFacts = async (
  isLastReceive: boolean,
  { breaker, breakerStore, witness, now }: ProcessDependencies,
  { log }: Pick<Invocation, 'log'>,
): Promise<OutageFacts> => {
  const known = factsOfState(breaker.state());
  if (known.isClosed && !isLastReceive) return { ...known, servedAt: NEVER };
  try {
    const [row, servedAt = NEVER] = await Promise.all([
      known.isClosed ? breakerStore.read(UPSTREAM_BREAKER) : undefined,
      witness.newest(),
    ]);
    return { ...(known.isClosed ? factsOfRow(row) : known), servedAt };
  } catch (error) {
    log.warn('The breaker could not be read: the job gets another round.', error as Error);
    return unknownFacts(known, now());
  }
};
