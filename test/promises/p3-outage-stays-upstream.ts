import type { Verdict } from './fleet/judge';
import { runInParallel } from './fleet/parallel-seeds';
import type { QuietVerdict } from './fleet/quiet-scene';
import type { RunName, VerdictOf } from './fleet/run-seeds';
import { quantile } from './fleet/seeded-random';
import { outageOnStack } from './p3-outage-on-stack';
import type { Finding, PromiseDrill, SimulationOptions } from './promise';

/** Runs of each kind. A seed decides the arrivals, the poison, the upstream's manner of failing and every chance. */
const SEEDS = {
  small: { ours: 4, quiet: 20, cockatiel: 1, opossum: 1 },
  full: { ours: 200, quiet: 500, cockatiel: 20, opossum: 20 },
} as const;

const MOST_CALLS_A_WINDOW = 1;
const MOST_RAMP_RATIO = 1.2;
/** A job that was held just before the upstream came back waits for a message's longest delay at most. */
const MOST_QUIET_WAIT_MS = 15 * 60_000;
/** Poison is told from an outage by whom the upstream serves meanwhile, which in a quiet service takes its time. */
const MOST_QUIET_POISON_MS = 60 * 60_000;

/**
 * P3: a thousand workers over one shared breaker go through an outage of ten minutes and then an upstream that comes
 * and goes, in virtual time and by their own code; so does a service with a job now and then, also where the upstream
 * limits it or refuses its account, or AWS gives it no keys; the same once, small, on a local stack.
 */
export const outageStaysUpstream: PromiseDrill = {
  promise: 'P3',
  title: 'An outage upstream stays upstream',
  goal: 'at most 1 call per open window for the whole fleet, 0 dead letters by the outage, full throughput within 1.2 x the ideal ramp, in a quiet service too, and nobody helps',
  simulate,
  onStack: outageOnStack,
};

async function simulate(options: SimulationOptions): Promise<Finding> {
  const seeds = options.full ? SEEDS.full : SEEDS.small;
  const ours = await runSeedsOf('ours', seeds.ours, options);
  const quiet = await runSeedsOf('quiet', seeds.quiet, options);
  const cockatiel = await runSeedsOf('cockatiel', seeds.cockatiel, options);
  const opossum = await runSeedsOf('opossum', seeds.opossum, options);
  const most = (of: (verdict: Verdict) => number) => Math.max(...ours.map(of));
  const measured = {
    seeds: ours.length,
    jobs: sum(ours, ({ jobs }) => jobs),
    windows: sum(ours, ({ windows }) => windows),
    callsPerWindow: most(({ callsPerWindow }) => callsPerWindow),
    stragglersPerOpening: rounded(sum(ours, ({ stragglers }) => stragglers) / sum(ours, ({ openings }) => openings)),
    blindCallsARun: rounded(sum(ours, ({ blindCalls }) => blindCalls) / ours.length),
    falseOpeningsARun: rounded(sum(ours, ({ falseOpenings }) => falseOpenings) / ours.length),
    deadByOutage: sum(ours, ({ deadByOutage }) => deadByOutage),
    poisonNotDead: sum(ours, ({ poisonAlive }) => poisonAlive),
    unfinished: sum(ours, ({ unfinished }) => unfinished),
    failed: sum(ours, ({ figures }) => figures.failed ?? 0),
    recordedTwice: sum(ours, ({ figures }) => figures.recordedTwice ?? 0),
    recoverySeconds: seconds(
      quantile(
        ours.map(({ recoveryMs }) => recoveryMs),
        0.5,
      ),
    ),
    recoverySecondsMost: seconds(most(({ recoveryMs }) => recoveryMs)),
    rampRatio: rounded(
      quantile(
        ours.map(({ rampRatio }) => rampRatio),
        0.5,
      ),
    ),
    rampRatioMost: rounded(most(({ rampRatio }) => rampRatio)),
    ...quietFigures(quiet),
    ...peerFigures('cockatiel', cockatiel),
    ...peerFigures('opossum', opossum),
  };
  return { measured, holds: holds(measured) };
}

const holds = (measured: Readonly<Record<string, number>>): boolean =>
  [measured.callsPerWindow, measured.quietCallsPerWindow].every((most) => Number(most) <= MOST_CALLS_A_WINDOW) &&
  Number(measured.rampRatioMost) <= MOST_RAMP_RATIO &&
  Number(measured.quietWaitSecondsMost) <= MOST_QUIET_WAIT_MS / 1_000 &&
  Number(measured.quietPoisonSecondsMost) <= MOST_QUIET_POISON_MS / 1_000 &&
  NONE_OF.every((name) => measured[name] === 0);

/** Figures that have to be 0. */
const NONE_OF = [
  'deadByOutage',
  'failed',
  'poisonNotDead',
  'unfinished',
  'recordedTwice',
  'quietDeadByOutage',
  'quietFailed',
  'quietPoisonNotDead',
  'quietUnfinished',
  'quietRecordedTwice',
] as const;

async function runSeedsOf<Name extends RunName>(
  name: Name,
  seeds: number,
  { tell, signal }: SimulationOptions,
): Promise<VerdictOf<Name>[]> {
  let done = 0;
  const onVerdict = () => {
    done += 1;
    if (done === seeds || done % 20 === 0) tell(`${name}: ${done} of ${seeds} seeds`);
  };
  return runInParallel(name, seeds, onVerdict, signal);
}

/** The figures of the service that has little to do. */
const quietFigures = (verdicts: readonly QuietVerdict[]): Record<string, number> => {
  const total = (of: (verdict: QuietVerdict) => number) => verdicts.reduce((sum, verdict) => sum + of(verdict), 0);
  const most = (of: (verdict: QuietVerdict) => number) => Math.max(...verdicts.map(of));
  return {
    quietSeeds: verdicts.length,
    quietJobs: total(({ jobs }) => jobs),
    quietCallsPerWindow: most(({ callsPerWindow }) => callsPerWindow),
    quietCallsWhileDownMost: most(({ callsWhileDown }) => callsWhileDown),
    quietDeadByOutage: total(({ deadByOutage }) => deadByOutage),
    quietFailed: total(({ failed }) => failed),
    quietPoison: total(({ poison }) => poison),
    quietPoisonNotDead: total(({ poisonAlive }) => poisonAlive),
    quietUnfinished: total(({ unfinished }) => unfinished),
    quietRecordedTwice: total(({ recordedTwice }) => recordedTwice),
    quietWaitSecondsMost: seconds(most(({ longestWaitMs }) => longestWaitMs)),
    quietPoisonSecondsMost: seconds(most(({ longestPoisonMs }) => longestPoisonMs)),
  };
};

/** The peers' figures a run, so that they do not depend on how many seeds they had. */
const peerFigures = (name: 'cockatiel' | 'opossum', verdicts: readonly Verdict[]): Record<string, number> => ({
  [`${name}Seeds`]: verdicts.length,
  [`${name}CallsPerWindow`]: Math.max(...verdicts.map(({ callsPerWindow }) => callsPerWindow)),
  [`${name}DeadByOutageARun`]: Math.round(sum(verdicts, ({ deadByOutage }) => deadByOutage) / verdicts.length),
  [`${name}RecoverySeconds`]: seconds(
    quantile(
      verdicts.map(({ recoveryMs }) => recoveryMs),
      0.5,
    ),
  ),
});

const sum = (verdicts: readonly Verdict[], of: (verdict: Verdict) => number): number =>
  verdicts.reduce((total, verdict) => total + of(verdict), 0);

const rounded = (value: number): number => Math.round(value * 100) / 100;
const seconds = (ms: number): number => Math.round(ms / 100) / 10;
