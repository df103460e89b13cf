import { UPSTREAM_BREAKER } from '../../lib/contract/control';
import type { Invocation, ProcessDependencies } from './dependencies';

/** What one process's window of failures cannot see. */
export type Unseen =
  /** Calls that hang for so long that too few of them fit into the window. */
  | 'slow-failures'
  /** A job that failed on all its receives while no job of the fleet was served. */
  | 'no-job-served';

/** Opens the breaker for the whole fleet where its row is still of the epoch; this process hears of it as all others do. */
export const openBreaker = async (
  { breakerStore, openForMs, now }: Pick<ProcessDependencies, 'breakerStore' | 'openForMs' | 'now'>,
  { reason, expectedEpoch, log }: { readonly reason: Unseen; readonly expectedEpoch: number } & Pick<Invocation, 'log'>,
): Promise<void> => {
  const nowMs = now();
  const command = { expectedEpoch, nowMs, openUntil: nowMs + openForMs, reason };
  try {
    await breakerStore.trip(UPSTREAM_BREAKER, command);
  } catch (error) {
    log.warn('The breaker could not be opened.', error as Error);
  }
};
