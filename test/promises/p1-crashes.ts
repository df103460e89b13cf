import type { Random } from '../../lambda/runtime/clock/clock';
import { type CrashRun, type CrashScene, CrashWorld, type JobEnd } from './crash/crash-run';
import { PASSING_FAULTS, type Treatment } from './crash/faulty-upstream';
import type { DecideFate, Fate } from './crash/mortal-process';
import { paidBeyondOne } from './crash/paid-calls';
import type { Finding, SimulationOptions } from './promise';

const SMALL_JOBS = 300;
const FULL_JOBS = 10_000;
const HOUR_MS = 3_600_000;

/** Share of the calls that meet a fault, and of the jobs that no upstream serves. */
const FAULTS = 0.2;
const POISON = 0.01;
const REFUSED = 0.01;

/** Shares of all steps at which a process dies, or stands still for longer than its lease. */
const DEATHS = 0.006;
const FREEZES = 0.0005;
/** Longer than a lease and the margin after which the sweeper sends an abandoned job again. */
const FREEZE_MS = 200_000;

const LIVES: Fate = { kind: 'lives' };

/** P1 by the handlers' own code in virtual time: processes die between any two steps; first one by one, then at random. */
export async function survivesCrashes({ full, tell, signal }: SimulationOptions): Promise<Finding> {
  const everyStep = await crashAtEveryStep(full, signal);
  tell(
    `${everyStep.worlds} worlds, each with a crash at another step: ${everyStep.broken} lost or recorded a job twice`,
  );
  const run = await new CrashWorld(randomScene(full ? FULL_JOBS : SMALL_JOBS)).run();
  tell(`${run.accepted} jobs ended while ${sum(run.deaths)} processes died`);
  const ends = countEnds(run);
  const measured = {
    jobs: run.accepted,
    ...ends,
    recordedTwice: run.recordedTwice,
    crashPoints: everyStep.worlds,
    lostOrTwiceAtCrashPoints: everyStep.broken,
    processesDied: sum(run.deaths),
    duplicates: run.duplicates,
    sentAgainBySweeper: run.resent,
    upstreamCalls: run.calls,
    paidCalls: run.paid.length,
    ...paidBeyondOne(run.paid),
  };
  const holds = ends.lost + run.recordedTwice + everyStep.broken + measured.paidAgainUnexplained === 0;
  return { measured, holds };
}

const randomScene = (jobs: number): CrashScene => ({
  seed: 1,
  jobs,
  workers: 20,
  batchSize: 5,
  arrivalMs: 100,
  duplicates: 0.5,
  endsAfterMs: 12 * HOUR_MS,
  treat: (name, _call, random) => treatAtRandom(name, random),
  decideFate: (random) => () => fateAtRandom(random),
});

function treatAtRandom(name: string, random: Random): Treatment {
  const place = (Number(name.slice(name.indexOf('-') + 1)) % 100) / 100;
  if (name.startsWith('later')) return 'serves';
  if (place < POISON) return 'errors';
  if (place < POISON + REFUSED) return 'refuses';
  return random() < FAULTS ? (PASSING_FAULTS[Math.floor(random() * PASSING_FAULTS.length)] ?? 'errors') : 'serves';
}

function fateAtRandom(random: Random): Fate {
  const chance = random();
  if (chance < DEATHS / 2) return { kind: 'dies', when: 'before' };
  if (chance < DEATHS) return { kind: 'dies', when: 'after' };
  return chance < DEATHS + FREEZES ? { kind: 'freezes', ms: FREEZE_MS } : LIVES;
}

/** What the one job of a small world meets at its first call; the second is served. */
const FIRST_TREATMENTS: readonly Treatment[] = ['serves', 'errors', 'breaks-in-answer', 'answers-nonsense', 'refuses'];

/** Steps of the sweeper come after a worker's death: in these worlds the first worker dies in its call. */
const WORLDS = FIRST_TREATMENTS.flatMap((first) => [false, true].map((workerDies) => ({ first, workerDies })));

/**
 * One job, one crash: at the first step of the world, at the second, and so on to the last; before and after the
 * step's effect. In the long form with a second crash a few steps after the first.
 */
async function crashAtEveryStep(full: boolean, signal?: AbortSignal): Promise<{ worlds: number; broken: number }> {
  let worlds = 0;
  let broken = 0;
  const seconds = full ? [0, 1, 2, 3, 5, 8] : [0];
  for (const world of WORLDS) {
    for (const again of seconds) {
      for (const when of ['before', 'after'] as const) {
        for (let step = 1; ; step += 1) {
          signal?.throwIfAborted();
          const fate = { kind: 'dies', when } as const;
          const { run, steps } = await runSmallWorld(
            world,
            (at) => at === step || (again > 0 && at === step + again),
            fate,
          );
          if (step > steps) break;
          worlds += 1;
          const { lost } = countEnds(run);
          broken += run.accepted !== 1 || lost > 0 || run.recordedTwice > 0 ? 1 : 0;
        }
      }
    }
  }
  return { worlds, broken };
}

async function runSmallWorld(
  { first, workerDies }: (typeof WORLDS)[number],
  isCrash: (step: number) => boolean,
  crash: Fate,
): Promise<{ run: CrashRun; steps: number }> {
  let steps = 0;
  let hasDied = !workerDies;
  const decide: DecideFate = (name, process) => {
    steps += 1;
    if (!hasDied && name === 'complete' && process.role === 'process') {
      hasDied = true;
      return { kind: 'dies', when: 'before' };
    }
    return isCrash(steps) ? crash : LIVES;
  };
  const run = await new CrashWorld({
    seed: 1,
    jobs: 1,
    workers: 1,
    batchSize: 1,
    arrivalMs: 1_000,
    duplicates: 0,
    endsAfterMs: HOUR_MS,
    treat: (_name, call) => (call === 1 ? first : 'serves'),
    decideFate: () => decide,
  }).run();
  return { run, steps };
}

function countEnds({ ends }: CrashRun): Record<'succeeded' | 'failed' | 'deadLettered' | 'lost', number> {
  const count = (end: JobEnd) => [...ends.values()].filter((each) => each === end).length;
  return {
    succeeded: count('succeeded'),
    failed: count('failed'),
    deadLettered: count('dead-lettered'),
    lost: count('lost'),
  };
}

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);
