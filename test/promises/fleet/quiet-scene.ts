import type { FleetRun, SceneSettings } from './fleet-run';
import { type Verdict as BusyVerdict, judge } from './judge';
import type { OutageKind } from './upstream-answers';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Ways to be down, of the upstream, of the service's account at it and of AWS; the seed chooses one. */
const KINDS: readonly (OutageKind | 'aws')[] = [
  'refuses',
  'errors',
  'overloaded',
  'hangs',
  'busy',
  'limits',
  'locks-out',
  'forbids',
  'wants-money',
  'aws',
];

const SANDBOXES = [2, 20] as const;

/**
 * A service with little to do: its failures are so few, and spread over so many processes, that hardly any process sees
 * the outage by its own calls.
 */
export const quietScene = (seed: number): SceneSettings => {
  const kind = KINDS[seed % KINDS.length] ?? 'errors';
  return {
    workers: SANDBOXES[0] + (seed % (SANDBOXES[1] - SANDBOXES[0] + 1)),
    arrivalMs: 40 * SECOND,
    callMs: [15 * SECOND, 35 * SECOND],
    outages: [[10 * MINUTE, 20 * MINUTE]],
    kinds: kind === 'aws' ? kind : [kind],
    judgedUntil: 40 * MINUTE,
    fillerMs: 40 * SECOND,
    endsAt: 180 * MINUTE,
    poisonRate: 0.01,
    visibilityMs: 360 * SECOND,
    maxReceiveCount: 5,
  };
};

/** What a quiet run amounts to; waits are from the upstream's return, or from a later arrival, to the job's end. */
export interface QuietVerdict
  extends Pick<BusyVerdict, 'seed' | 'jobs' | 'windows' | 'callsPerWindow' | 'callsWhileDown' | 'deadByOutage'> {
  /** Ended `failed`, although no request was at fault. */
  readonly failed: number;
  readonly poison: number;
  readonly poisonAlive: number;
  readonly unfinished: number;
  readonly recordedTwice: number;
  readonly longestWaitMs: number;
  readonly longestPoisonMs: number;
}

/** Judges one quiet run by the same rules as a busy one, but for the ramp: there is nothing to ramp up. */
export function judgeQuiet(run: FleetRun): QuietVerdict {
  const { seed, jobs, windows, callsPerWindow, callsWhileDown, deadByOutage, poisonAlive, unfinished, figures } =
    judge(run);
  const { failed = 0, recordedTwice = 0 } = figures;
  const common = { seed, jobs, windows, callsPerWindow, callsWhileDown, deadByOutage, failed, poison: run.poison };
  return {
    ...common,
    poisonAlive,
    unfinished,
    recordedTwice,
    longestWaitMs: longestWait(run, false),
    longestPoisonMs: longestWait(run, true),
  };
}

const longestWait = ({ endings, outages }: FleetRun, ofPoison: boolean): number => {
  const upAgainAtMs = outages[0]?.[1] ?? 0;
  const waits = endings
    .filter(({ isPoison, endedAtMs }) => isPoison === ofPoison && endedAtMs >= upAgainAtMs)
    .map(({ acceptedAtMs, endedAtMs }) => endedAtMs - Math.max(acceptedAtMs, upAgainAtMs));
  return Math.max(0, ...waits);
};
