import type { Random } from '../../../lambda/runtime/clock/clock';
import { between, seededRandom } from '../fleet/seeded-random';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export type RotationKind =
  /** The grace is at least as long as a cached key and a call may last; a day where Secrets Manager is down for hours. */
  | 'sound'
  /** The grace is shorter than a cached key and a call may last. */
  | 'hasty'
  /** The grace is long enough, and rotations come more often than it ends. */
  | 'brisk'
  /** The grace is as short as it may be, and Secrets Manager is down for longer. */
  | 'dark';

/** A stretch in which Secrets Manager answers nobody; milliseconds since the begin. */
export type DownTime = readonly [fromMs: number, toMs: number];

/** What one run goes through; times are milliseconds. */
export interface RotationScene {
  readonly seed: number;
  /** Processes of the service at one time. */
  readonly callers: number;
  readonly poolKeys: number;
  readonly cacheMs: number;
  readonly longestCallMs: number;
  readonly graceMs: number;
  readonly rotationEveryMs: readonly [least: number, most: number];
  readonly sweepEveryMs: number;
  /** Share of a rotator's and a sweeper's steps at which it dies. */
  readonly deaths: number;
  /** Share of those at which it stands still. */
  readonly freezes: number;
  readonly downTimes: readonly DownTime[];
  readonly endsAtMs: number;
}

const ENDS_AT_MS = 60 * HOUR;
const CACHES_MS = [30 * SECOND, 5 * MINUTE, 20 * MINUTE] as const;
const CALLS_MS = [20 * SECOND, 5 * MINUTE, 15 * MINUTE] as const;
const DAY_MS = 24 * HOUR;
const BRISK_POOL_KEYS = 12;

/** The scene of one seed, which decides everything in it. */
export function rotationScene(seed: number, kind: RotationKind): RotationScene {
  const random = seededRandom(seed * 11 + 5);
  const cacheMs = pick(random, CACHES_MS);
  const longestCallMs = pick(random, CALLS_MS);
  const graceMs = graceOf(random, kind, cacheMs + longestCallMs);
  const isDownAtTimes = kind === 'dark' || graceMs === DAY_MS;
  return {
    seed,
    callers: 20,
    // Enough that no key's turn comes round before it had to be ended.
    poolKeys: kind === 'brisk' ? BRISK_POOL_KEYS : 3 + Math.floor(random() * 5),
    cacheMs,
    longestCallMs,
    graceMs,
    rotationEveryMs: [3 * HOUR, 6 * HOUR],
    sweepEveryMs: HOUR,
    deaths: 0.03,
    freezes: 0.01,
    downTimes: isDownAtTimes ? downTimesOf(random) : [],
    endsAtMs: ENDS_AT_MS,
  };
}

function graceOf(random: Random, kind: RotationKind, inUseMs: number): number {
  if (kind === 'brisk') return between(random, 7 * HOUR, 9 * HOUR);
  if (kind === 'hasty') return inUseMs * between(random, 0.1, 0.6);
  return kind === 'dark' ? inUseMs : pick(random, [inUseMs, inUseMs + 30 * MINUTE, DAY_MS, DAY_MS]);
}

function downTimesOf(random: Random): DownTime[] {
  const downTimes: DownTime[] = [];
  for (let at = between(random, HOUR, 8 * HOUR); at < ENDS_AT_MS; at += between(random, 4 * HOUR, 16 * HOUR)) {
    const to = at + between(random, MINUTE, 6 * HOUR);
    downTimes.push([at, to]);
    at = to;
  }
  return downTimes;
}

const pick = <T>(random: Random, values: readonly [T, ...T[]]): T =>
  values[Math.floor(random() * values.length)] ?? values[0];
