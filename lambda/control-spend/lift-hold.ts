import { type HoldRow, HoldStatus, isHeld, type PlanThrottle } from '../../lib/contract/consumer-hold';
import { BreakerStatus, UPSTREAM_BREAKER } from '../../lib/contract/control';
import { LEAST_CONCURRENCY } from '../runtime/consumer-control/consumer';
import { isShut } from '../runtime/usage-plans/usage-plans';
import type { SpendControlDependencies } from './dependencies';
import { readPlans } from './enforce-cut-off';
import { Steps, type Unfinished } from './steps';

/**
 * Milliseconds after the end of a hold for which the usage plans are looked at still: another run may have been about to
 * shut one when the hold ended. Several times the longest run.
 */
export const SETTLE_MS = 300_000;

/**
 * Takes back what a cut-off has brought, where spending goes on: the usage plans have their throttles again, the hold is
 * lifted, and the consumer resumes by its usual steps unless the breaker is open.
 *
 * @returns what could not be done; undefined where nothing was to be done
 */
export const liftHold = async (dependencies: SpendControlDependencies): Promise<Unfinished[] | undefined> => {
  const { hold, log, now } = dependencies;
  const seen = await hold.read();
  if (!seen) return undefined;
  const steps = new Steps(log);
  if (!isHeld(seen)) {
    if (now() - seen.changedAt > SETTLE_MS) return undefined;
    await openPlans(seen, steps, dependencies);
    return steps.unfinished;
  }
  const row = await steps.take('begin to lift the hold', () => beginToLift(seen, dependencies));
  if (!row) return steps.unfinished;
  await openPlans(row, steps, dependencies);
  if (steps.unfinished.length > 0) return steps.unfinished;
  await steps.take('lift the hold on the consumer', async () => {
    await hold.replace(row, { ...row, revision: row.revision + 1, status: HoldStatus.LIFTED, changedAt: now() });
    log.info('The hold on the consumer is lifted, as spending goes on.');
    // The hold is gone first, as the controller resumes nothing while it stands; where this message is lost, the sweeper
    // sees a consumer that stays paused.
    await resumeConsumer(dependencies);
  });
  return steps.unfinished;
};

const beginToLift = async (seen: HoldRow, { hold, now }: SpendControlDependencies): Promise<HoldRow> => {
  if (seen.status === HoldStatus.LIFTING) return seen;
  const row = { ...seen, revision: seen.revision + 1, status: HoldStatus.LIFTING, changedAt: now() };
  await hold.replace(seen, row);
  return row;
};

/** Gives the plans that let nothing through what they had before; one that was opened meanwhile is left as it is. */
const openPlans = async (row: HoldRow, steps: Steps, dependencies: SpendControlDependencies): Promise<void> => {
  const { usagePlans, deployedThrottles, log } = dependencies;
  const ids = new Set([...Object.keys(deployedThrottles), ...Object.keys(row.throttles)]);
  for (const [id, state] of await readPlans([...ids], steps, dependencies)) {
    if (!isShut(state)) continue;
    await steps.take(`open the usage plan ${id}`, async () => {
      const throttle = throttleBefore(id, row, deployedThrottles);
      await usagePlans.throttle(id, state, throttle);
      log.info('A usage plan has its throttle again, as spending goes on.', { usagePlan: id, throttle });
    });
  }
};

/** The deployed throttle stands in where nothing is remembered, as after a restore of the table. */
const throttleBefore = (
  id: string,
  { throttles }: HoldRow,
  deployed: SpendControlDependencies['deployedThrottles'],
): PlanThrottle | undefined => (id in throttles ? (throttles[id] ?? undefined) : deployed[id]);

const resumeConsumer = async ({ breaker, controlQueue }: SpendControlDependencies): Promise<void> => {
  const row = await breaker.read(UPSTREAM_BREAKER);
  // While it is not closed its own probes come first, of which the sweeper reminds the controller.
  if (row && row.status !== BreakerStatus.CLOSED) return;
  const epoch = row?.epoch ?? 0;
  await controlQueue.send({ kind: 'resume', breaker: UPSTREAM_BREAKER, epoch, concurrency: LEAST_CONCURRENCY }, 0);
};
