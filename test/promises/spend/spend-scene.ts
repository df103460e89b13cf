import type { Random } from '../../../lambda/runtime/clock/clock';
import { between, seededRandom } from '../fleet/seeded-random';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What one run goes through; times are milliseconds, amounts micro-USD. */
export interface SpendScene {
  readonly seed: number;
  /** When it begins, by the only right clock. */
  readonly beginsAt: number;
  readonly jobs: number;
  /** Mean time between two jobs, or bursts of jobs. */
  readonly arrivalMs: number;
  /** Most jobs of a burst. */
  readonly burst: number;
  readonly clients: number;
  /** Shards of the global cap that a process is configured with: a deploy may be under way that changes it. */
  readonly shards: readonly number[];
  readonly estimates: readonly [least: number, most: number];
  /** The caps that are deployed; one that an operator sets is near them. */
  readonly globalDay: number;
  readonly globalMonth: number;
  /** Whether none is deployed for the day. */
  readonly isDayUncapped: boolean;
  readonly clientDay: number;
  readonly clientMonth: number;
  /** Whether clients have no caps of their own. */
  readonly areClientsUncapped: boolean;
  /** Most by which a clock is wrong. */
  readonly skewMs: number;
  readonly leaseMs: number;
  readonly sweepEveryMs: number;
  /** Mean time between two acts of an operator. */
  readonly operatorEveryMs: number;
  /** Shares of a process's steps at which it dies, at which the store fails it, and at which it stands still. */
  readonly deaths: number;
  readonly faults: number;
  readonly freezes: number;
}

const DAY_ENDS = Date.parse('2026-11-28T00:00:00Z');
const MONTH_ENDS = Date.parse('2026-12-01T00:00:00Z');
const NOON = Date.parse('2026-11-22T12:00:00Z');

/** The scene of one seed, which decides everything in it. */
export function spendScene(seed: number, jobs: number): SpendScene {
  const random = seededRandom(seed * 17 + 11);
  const lastsMs = between(random, 10 * MINUTE, 40 * MINUTE);
  const burst = pick(random, [1, 3, 20, 60]);
  const estimates = pick(random, [[1, 1_000] as const, [400, 600] as const, [1, 100_000] as const]);
  const meanEstimate = (estimates[0] + estimates[1]) / 2;
  const share = (least: number, most: number) => Math.round(jobs * meanEstimate * between(random, least, most));
  const clients = 1 + Math.floor(random() * 8);
  // Either the service's caps are what refuses most, or the clients'.
  const width = pick(random, [1, 1, 4]);
  return {
    seed,
    beginsAt: beginsAt(random, lastsMs),
    jobs,
    arrivalMs: (lastsMs / jobs) * ((burst + 1) / 2),
    burst,
    clients,
    shards: pick(random, [[1], [2], [4], [16], [4, 16], [16, 2]]),
    estimates,
    globalDay: width * share(0.1, 0.9),
    globalMonth: width * share(0.2, 1.2),
    isDayUncapped: random() < 0.15,
    clientDay: Math.round(share(0.1, 1.5) / clients),
    clientMonth: Math.round(share(0.2, 2) / clients),
    areClientsUncapped: random() < 0.2,
    skewMs: pick(random, [0, 2 * SECOND, 5 * MINUTE]),
    leaseMs: between(random, 2 * MINUTE, 10 * MINUTE),
    sweepEveryMs: between(random, 20 * SECOND, 2 * MINUTE),
    operatorEveryMs: lastsMs / between(random, 2, 12),
    deaths: pick(random, [0, 0, 0.003, 0.01]),
    faults: pick(random, [0, 0, 0.005, 0.03]),
    freezes: pick(random, [0, 0.0005]),
  };
}

/** Most runs go past the end of a day or of a month. */
function beginsAt(random: Random, lastsMs: number): number {
  const end = pick(random, [NOON, DAY_ENDS, DAY_ENDS, MONTH_ENDS, MONTH_ENDS]);
  return Math.round(end - lastsMs * between(random, 0.2, 0.9));
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}
