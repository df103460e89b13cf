import { runFleet } from './fleet-run';
import { judge, type Verdict } from './judge';
import { ourFleet } from './our-fleet';
import { cockatielFleet, opossumFleet } from './peer-fleets';
import type { MakeFleet } from './world';

/** The fleets that are compared: ours, and the same workers with a peer's breaker in each. */
export const FLEETS = { ours: ourFleet, cockatiel: cockatielFleet, opossum: opossumFleet } as const satisfies Record<
  string,
  MakeFleet
>;

export type FleetName = keyof typeof FLEETS;

/** Seeds of one fleet: every `step`-th from `first` to `last`. */
export interface SeedRange {
  readonly fleet: FleetName;
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** Runs the seeds one after the other, and answers what each amounts to. */
export async function* runSeeds({ fleet, first, last, step }: SeedRange): AsyncGenerator<Verdict> {
  for (let seed = first; seed <= last; seed += step) yield judge(await runFleet(FLEETS[fleet], seed));
}

/** As a process of its own: takes one range, sends each verdict and ends. */
if (process.send && require.main === module) {
  process.once('message', async (range: SeedRange) => {
    for await (const verdict of runSeeds(range)) process.send?.(verdict);
    process.disconnect();
  });
}
