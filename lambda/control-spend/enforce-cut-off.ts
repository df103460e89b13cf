import {
  CONSUMER_HOLD,
  type HoldRow,
  HoldStatus,
  holdRowName,
  type PlanThrottle,
} from '../../lib/contract/consumer-hold';
import type { CutOff } from '../../lib/contract/ledger';
import { SPEND_CONTROLLER } from '../../lib/contract/spend-control';
import { pauseConsumer } from '../runtime/consumer-control/pause-consumer';
import { isShut, NOTHING, type UsagePlanState } from '../runtime/usage-plans/usage-plans';
import type { SpendControlDependencies } from './dependencies';
import { Steps, type Unfinished } from './steps';

type PlanStates = ReadonlyMap<string, UsagePlanState>;

/**
 * Brings everything else into the state that a cut-off of the ledger means: the consumer is held and paused, the usage
 * plans let nothing through, and the audit has it. Each step looks first, so that what is so already is left alone;
 * what a deployment has opened again is shut again.
 *
 * @returns what could not be done; the ledger refuses all spending meanwhile
 */
export const enforceCutOff = async (cut: CutOff, dependencies: SpendControlDependencies): Promise<Unfinished[]> => {
  const steps = new Steps(dependencies.log);
  const row = await steps.take('hold the consumer', () => holdConsumer(cut, dependencies));
  await steps.take('pause the consumer', () => pauseConsumer(dependencies, 'spending is cut off'));
  const states = await readPlans(Object.keys(dependencies.deployedThrottles), steps, dependencies);
  // What is not remembered could not be brought back.
  const remembered = row && (await steps.take('remember the throttles', () => remember(row, states, dependencies)));
  if (remembered) await shutPlans(states, steps, dependencies);
  if (remembered) await steps.take('write it into the audit', () => recordOnce(cut, remembered, dependencies));
  return steps.unfinished;
};

/** What the plans let through now; without those that are not there any more. */
export const readPlans = async (
  ids: readonly string[],
  steps: Steps,
  { usagePlans }: Pick<SpendControlDependencies, 'usagePlans'>,
): Promise<PlanStates> => {
  const states = new Map<string, UsagePlanState>();
  for (const id of ids) {
    const state = await steps.take(`look at the usage plan ${id}`, () => usagePlans.read(id));
    if (state) states.set(id, state);
  }
  return states;
};

const holdConsumer = async (cut: CutOff, { hold, log, now }: SpendControlDependencies): Promise<HoldRow> => {
  const seen = await hold.read();
  if (seen?.status === HoldStatus.HELD && isOf(seen, cut)) return seen;
  const row: HoldRow = {
    name: holdRowName(CONSUMER_HOLD),
    revision: (seen?.revision ?? 0) + 1,
    status: HoldStatus.HELD,
    changedAt: now(),
    reason: cut.reason,
    by: cut.by,
    cutAt: cut.at,
    throttles: seen?.throttles ?? {},
    ...(seen && isOf(seen, cut) && seen.auditedAt !== undefined && { auditedAt: seen.auditedAt }),
  };
  await hold.replace(seen, row);
  log.warn('The consumer is held, as spending is cut off.', { reason: cut.reason, by: cut.by });
  return row;
};

const isOf = ({ cutAt, by }: HoldRow, cut: CutOff): boolean => cutAt === cut.at && by === cut.by;

/** Writes down the throttles that were seen before they are taken away; one that a deployment has set is the newer. */
const remember = async (row: HoldRow, states: PlanStates, { hold }: SpendControlDependencies): Promise<HoldRow> => {
  const open = [...states].filter(([, state]) => !isShut(state));
  const seen = Object.fromEntries(open.map(([id, { throttle }]) => [id, throttle ?? null]));
  if (open.every(([id]) => id in row.throttles && isSame(row.throttles[id], seen[id]))) return row;
  const next = { ...row, revision: row.revision + 1, throttles: { ...row.throttles, ...seen } };
  await hold.replace(row, next);
  return next;
};

const isSame = (a: PlanThrottle | null | undefined, b: PlanThrottle | null | undefined): boolean =>
  a?.rateLimit === b?.rateLimit && a?.burstLimit === b?.burstLimit;

const shutPlans = async (states: PlanStates, steps: Steps, { usagePlans, log }: SpendControlDependencies) => {
  for (const [id, state] of states) {
    if (isShut(state)) continue;
    await steps.take(`shut the usage plan ${id}`, async () => {
      await usagePlans.throttle(id, state, NOTHING);
      log.warn('A usage plan lets nothing through, as spending is cut off.', { usagePlan: id, before: state.throttle });
    });
  }
};

/** An operator's command has its own two records. */
const recordOnce = async (cut: CutOff, row: HoldRow, { audit, hold, now }: SpendControlDependencies): Promise<void> => {
  if (cut.by !== SPEND_CONTROLLER || row.auditedAt !== undefined) return;
  const act = { who: cut.by, what: 'spend.cut', on: 'spend', reason: cut.reason, result: 'cut off', atMs: cut.at };
  await audit.record(act);
  await hold.replace(row, { ...row, revision: row.revision + 1, auditedAt: now() });
};
