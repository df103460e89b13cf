import { runInParallel } from './fleet/parallel-seeds';
import type { RunName } from './fleet/run-seeds';
import type { Finding, PromiseDrill, SimulationOptions } from './promise';
import type { SpendVerdict } from './spend/spend-books';

/** Runs of each kind. A seed decides the caps, the prices, the clocks, every crash and what an operator does. */
const SEEDS = {
  small: { ours: 12, counted: 14 },
  full: { ours: 500, counted: 50 },
} as const;

/** What the long form has to go through. */
const FULL_OPERATIONS = 1_000_000;

/**
 * P2: jobs of many clients go through the ledger's own code in virtual time, over one table, while processes die and
 * stand still between any two writes, answers are lost, settlements come late and twice, clocks are minutes wrong across
 * midnight and the end of a month, prices change, and an operator changes caps and cuts spending off. A model that knows
 * every reservation judges; beside it, the same load over a ledger that checks and then increments.
 */
export const capIsTheCap: PromiseDrill = {
  promise: 'P2',
  title: 'The cap is the cap',
  goal: '0 micro-USD committed beyond any cap, 0 drift from the provider’s own bill once all is settled, 0 refusals while the money was there',
  simulate,
};

async function simulate(options: SimulationOptions): Promise<Finding> {
  const seeds = options.full ? SEEDS.full : SEEDS.small;
  const ours = await runSeedsOf('spend', seeds.ours, options);
  const counted = await runSeedsOf('countedSpend', seeds.counted, options);
  const measured = {
    operations: sum(ours, ({ operations }) => operations),
    seeds: ours.length,
    jobs: sum(ours, ({ jobs }) => jobs),
    accepted: sum(ours, ({ accepted }) => accepted),
    refused: sum(ours, ({ refused }) => refused),
    processesDied: sum(ours, ({ died }) => died),
    conflicts: sum(ours, ({ conflicts }) => conflicts),
    overspendMicroUsd: most(ours, ({ overspend }) => overspend),
    overspendWithOverrunsMicroUsd: most(ours, ({ overspendWithOverruns }) => overspendWithOverruns),
    driftMicroUsd: most(ours, ({ drift }) => drift),
    unrecordedMicroUsd: most(ours, ({ unrecorded }) => unrecorded),
    billedMicroUsd: sum(ours, ({ billed }) => billed),
    spentMicroUsd: sum(ours, ({ spent }) => spent),
    falseRefusals: sum(ours, ({ falseRefusals }) => falseRefusals),
    committedWhileCut: sum(ours, ({ committedWhileCut }) => committedWhileCut),
    begunWhileCut: sum(ours, ({ begunWhileCut }) => begunWhileCut),
    acceptedWithoutReservation: sum(ours, ({ disagreements }) => disagreements),
    neverClosed: sum(ours, ({ unclosed }) => unclosed),
    busy: sum(ours, ({ busy }) => busy),
    countedSeeds: counted.length,
    countedOverspendMicroUsd: most(counted, ({ overspend }) => overspend),
    countedRunsThatOverspend: counted.filter(({ overspend }) => overspend > 0).length,
  };
  return { measured, holds: holds(measured, options.full) };
}

/** Figures that have to be 0. */
const NONE_OF = [
  'overspendMicroUsd',
  'driftMicroUsd',
  'unrecordedMicroUsd',
  'falseRefusals',
  'committedWhileCut',
  'begunWhileCut',
  'acceptedWithoutReservation',
  'neverClosed',
] as const;

/** A load under which check-then-increment keeps the cap, or nobody dies, has shown nothing. */
const holds = (measured: Readonly<Record<string, number>>, isFull: boolean): boolean =>
  NONE_OF.every((name) => measured[name] === 0) &&
  Number(measured.countedOverspendMicroUsd) > 0 &&
  Number(measured.processesDied) > 0 &&
  Number(measured.refused) > 0 &&
  (!isFull || Number(measured.operations) >= FULL_OPERATIONS);

async function runSeedsOf(
  name: RunName & ('spend' | 'countedSpend'),
  seeds: number,
  { tell, signal }: SimulationOptions,
): Promise<SpendVerdict[]> {
  let done = 0;
  const onVerdict = () => {
    done += 1;
    if (done === seeds || done % 50 === 0) tell(`${name}: ${done} of ${seeds} seeds`);
  };
  return runInParallel(name, seeds, onVerdict, signal);
}

const sum = (verdicts: readonly SpendVerdict[], of: (verdict: SpendVerdict) => number): number =>
  verdicts.reduce((total, verdict) => total + of(verdict), 0);

const most = (verdicts: readonly SpendVerdict[], of: (verdict: SpendVerdict) => number): number =>
  Math.max(0, ...verdicts.map(of));
