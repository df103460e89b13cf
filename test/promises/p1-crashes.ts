import type { Random } from '../../lambda/runtime/clock/clock';
import { type CrashRun, type CrashScene, CrashWorld, type JobEnd } from './crash/crash-run';
import { PASSING_FAULTS, type Treatment } from './crash/faulty-upstream';
import { type DecideFate, type Fate, UPSTREAM_STEP } from './crash/mortal-process';
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
/** Share of the steps at AWS that it fails, half of them after they have had their effect. */
const AWS_FAULTS = 0.03;
/** Longer than a lease and the margin after which the sweeper sends an abandoned job again. */
const FREEZE_MS = 200_000;

const LIVES: Fate = { kind: 'lives' };

/**
 * P1 by the handlers' own code in virtual time: processes die, and AWS fails them, at any step; first one by one, then
 * processes alone at random, then both. No good job may end in the dead-letter queue for a death or for one fault; how
 * many do while AWS fails one step in thirty for hours is counted, and none may be lost.
 */
export async function survivesCrashes({ full, tell, signal }: SimulationOptions): Promise<Finding> {
  const everyStep = await crashAtEveryStep(full, signal);
  tell(
    `${everyStep.worlds} worlds, each with a crash or a fault of AWS at another step: ${everyStep.broken} ended wrongly`,
  );
  const jobs = full ? FULL_JOBS : SMALL_JOBS;
  const run = await new CrashWorld(randomScene(jobs, 0)).run();
  tell(`${run.accepted} jobs ended while ${sum(run.deaths)} processes died`);
  let faults = 0;
  const onFault = () => {
    faults += 1;
  };
  const storm = await new CrashWorld(randomScene(jobs, AWS_FAULTS, onFault)).run();
  tell(`${storm.accepted} jobs ended while ${sum(storm.deaths)} processes died and AWS failed ${faults} steps`);
  const wrong = endedWrongly(run);
  const stormEnds = countEnds(storm);
  const measured = {
    jobs: run.accepted,
    ...countEnds(run),
    endedWrongly: wrong.length,
    recordedTwice: run.recordedTwice,
    crashPoints: everyStep.worlds,
    endedWronglyAtCrashPoints: everyStep.broken,
    processesDied: sum(run.deaths),
    duplicates: run.duplicates,
    sentAgainBySweeper: run.resent,
    upstreamCalls: run.calls,
    paidCalls: run.paid.length,
    ...paidBeyondOne(run.paid),
    awsFaults: faults,
    awsFaultsLost: stormEnds.lost,
    awsFaultsRecordedTwice: storm.recordedTwice,
    awsFaultsGoodDeadLettered: endedWrongly(storm).filter((name) => storm.ends.get(name) === 'dead-lettered').length,
  };
  const holds =
    wrong.length +
      run.recordedTwice +
      everyStep.broken +
      measured.paidAgainUnexplained +
      stormEnds.lost +
      storm.recordedTwice ===
    0;
  return { measured, holds };
}

const randomScene = (jobs: number, awsFaults: number, onFault: () => void = () => undefined): CrashScene => ({
  seed: 1,
  jobs,
  workers: 20,
  batchSize: 5,
  arrivalMs: 100,
  duplicates: 0.5,
  endsAfterMs: 12 * HOUR_MS,
  treat: (name, _call, random) => treatAtRandom(name, random),
  decideFate: (random) => (name) => {
    const fate = fateAtRandom(name, random, awsFaults);
    if (fate.kind === 'fails') onFault();
    return fate;
  },
});

/** The one end that a job may come to, whatever it meets on its way. */
function rightEnd(name: string): JobEnd {
  const place = (Number(name.slice(name.indexOf('-') + 1)) % 100) / 100;
  if (name.startsWith('later')) return 'succeeded';
  if (place < POISON) return 'dead-lettered';
  return place < POISON + REFUSED ? 'failed' : 'succeeded';
}

const endedWrongly = ({ ends }: CrashRun): string[] =>
  [...ends].flatMap(([name, end]) => (end === rightEnd(name) ? [] : [name]));

function treatAtRandom(name: string, random: Random): Treatment {
  const end = rightEnd(name);
  if (name.startsWith('later')) return 'serves';
  if (end === 'dead-lettered') return 'errors';
  if (end === 'failed') return 'refuses';
  return random() < FAULTS ? (PASSING_FAULTS[Math.floor(random() * PASSING_FAULTS.length)] ?? 'errors') : 'serves';
}

function fateAtRandom(name: string, random: Random, awsFaults: number): Fate {
  const chance = random();
  if (chance < DEATHS / 2) return { kind: 'dies', when: 'before' };
  if (chance < DEATHS) return { kind: 'dies', when: 'after' };
  if (chance < DEATHS + FREEZES) return { kind: 'freezes', ms: FREEZE_MS };
  if (name === UPSTREAM_STEP || chance >= DEATHS + FREEZES + awsFaults) return LIVES;
  return { kind: 'fails', when: random() < 0.5 ? 'before' : 'after' };
}

/** What the one job of a small world meets at its first call; the second is served. */
const FIRST_TREATMENTS: readonly Treatment[] = ['serves', 'errors', 'breaks-in-answer', 'answers-nonsense', 'refuses'];

/** What strikes at one step of a small world. */
const BLOWS: readonly Fate[] = (['dies', 'fails'] as const).flatMap((kind) => [
  { kind, when: 'before' },
  { kind, when: 'after' },
]);

/** Steps of the sweeper come after a worker's death: in these worlds the first worker dies in its call. */
const WORLDS = FIRST_TREATMENTS.flatMap((first) => [false, true].map((workerDies) => ({ first, workerDies })));

/**
 * One job, one crash or fault of AWS: at the first step of the world, at the second, and so on to the last; before and
 * after the step's effect. In the long form with a second one a few steps after the first.
 */
async function crashAtEveryStep(full: boolean, signal?: AbortSignal): Promise<{ worlds: number; broken: number }> {
  let worlds = 0;
  let broken = 0;
  const seconds = full ? [0, 1, 2, 3, 5, 8] : [0];
  for (const world of WORLDS) {
    for (const again of seconds) {
      for (const fate of BLOWS) {
        for (let step = 1; ; step += 1) {
          signal?.throwIfAborted();
          const { run, steps } = await runSmallWorld(
            world,
            (at) => at === step || (again > 0 && at === step + again),
            fate,
          );
          if (step > steps) break;
          worlds += 1;
          broken += isWhole(run, world.first) ? 0 : 1;
        }
      }
    }
  }
  return { worlds, broken };
}

/** A job whose refusal nobody could write down is asked for once more, and then served. */
const isWhole = ({ accepted, ends, recordedTwice }: CrashRun, first: Treatment): boolean =>
  accepted === 1 &&
  recordedTwice === 0 &&
  [...ends.values()].every((end) => end === 'succeeded' || (end === 'failed' && first === 'refuses'));

async function runSmallWorld(
  { first, workerDies }: (typeof WORLDS)[number],
  isBlow: (step: number) => boolean,
  blow: Fate,
): Promise<{ run: CrashRun; steps: number }> {
  let steps = 0;
  let hasDied = !workerDies;
  const decide: DecideFate = (name, process) => {
    steps += 1;
    if (!hasDied && name === 'complete' && process.role === 'process') {
      hasDied = true;
      return { kind: 'dies', when: 'before' };
    }
    if (!isBlow(steps)) return LIVES;
    return name === UPSTREAM_STEP && blow.kind === 'fails' ? LIVES : blow;
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
