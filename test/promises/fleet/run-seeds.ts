import { runRotations } from '../rotation/rotation-run';
import { countingLedger } from '../spend/counting-ledger';
import { ourLedger } from '../spend/ledgers';
import { runSpend } from '../spend/spend-run';
import { runFleet, runScene } from './fleet-run';
import { judge } from './judge';
import { ourFleet } from './our-fleet';
import { cockatielFleet, opossumFleet } from './peer-fleets';
import { judgeQuiet, quietScene } from './quiet-scene';

/** Jobs of one run over a ledger. */
const SPEND_JOBS = 600;

/**
 * The runs that are compared: our fleet, the same workers with a peer's breaker in each, ours with little to do;
 * rotations with a grace that is long enough, too short, or longer than the time between them; and the same jobs over
 * our ledger, and over one that checks and then increments.
 */
export const RUNS = {
  ours: async (seed: number) => judge(await runFleet(ourFleet, seed)),
  cockatiel: async (seed: number) => judge(await runFleet(cockatielFleet, seed)),
  opossum: async (seed: number) => judge(await runFleet(opossumFleet, seed)),
  quiet: async (seed: number) => judgeQuiet(await runScene(ourFleet, seed, quietScene(seed))),
  soundRotations: (seed: number) => runRotations(seed, 'sound'),
  hastyRotations: (seed: number) => runRotations(seed, 'hasty'),
  briskRotations: (seed: number) => runRotations(seed, 'brisk'),
  darkRotations: (seed: number) => runRotations(seed, 'dark'),
  spend: (seed: number) => runSpend(seed, SPEND_JOBS, ourLedger),
  countedSpend: (seed: number) => runSpend(seed, SPEND_JOBS, countingLedger),
} as const;

export type RunName = keyof typeof RUNS;

export type VerdictOf<Name extends RunName> = Awaited<ReturnType<(typeof RUNS)[Name]>>;

/** Seeds of one kind of run: every `step`-th from `first` to `last`. */
export interface SeedRange<Name extends RunName = RunName> {
  readonly run: Name;
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** Runs the seeds one after the other, and answers what each amounts to. */
export async function* runSeeds({ run, first, last, step }: SeedRange): AsyncGenerator<VerdictOf<RunName>> {
  for (let seed = first; seed <= last; seed += step) yield RUNS[run](seed);
}

/** As a process of its own: takes one range, sends each verdict and ends. */
if (process.send && require.main === module) {
  process.once('message', async (range: SeedRange) => {
    for await (const verdict of runSeeds(range)) process.send?.(verdict);
    process.disconnect();
  });
}
