import type { Clock, Random, Sleep } from '../clock/clock';
import type { BreakerState } from './breaker';
import type { IBreakerStore } from './breaker-store';

/** Told of what happened; nothing that it throws reaches a caller. */
export interface BreakerObserver {
  /**
   * This process saw the breaker change; `reason` is the row's, such as `failure-rate`. The same status under another
   * epoch means that what was between was not seen, as it is in a process that has just begun.
   */
  onChange?(to: BreakerState, from: BreakerState, reason: string): void;
  /** The store became unreachable (`error` is why) or reachable again (no error); told once a change. */
  onDegraded?(degraded: boolean, error?: unknown): void;
  /** This process took the fleet's one probe. */
  onProbe?(): void;
}

export interface BreakerOptions {
  /** Names the breaker in its errors and in the store. @default 'upstream' */
  readonly name?: string;
  /** Failures in the window at which it may open; an integer >= 1. @default 5 */
  readonly failures?: number;
  /** Share of the calls in the window that must have failed as well; above 0, at most 1. @default 0.5 */
  readonly failureRate?: number;
  /** Milliseconds that the rolling window covers; > 0. @default 30000 */
  readonly windowMs?: number;
  /** Milliseconds above which a success counts as a failure; > 0. @default - no call is too slow */
  readonly slowCallMs?: number;
  /** Milliseconds that the first open window lasts, and every later one at least; > 0. @default 30000 */
  readonly openForMs?: number;
  /**
   * Upper bound of an open window in milliseconds; at least `openForMs`. The window after the n-th opening in a row is
   * uniform in [openForMs, min(maxOpenForMs, openForMs x 2^(n - 1))]. @default - the larger of 60000 and `openForMs`
   */
  readonly maxOpenForMs?: number;
  /** Probes in a row that close it; an integer >= 1. @default 2 */
  readonly successesToClose?: number;
  /** Milliseconds, but at least `openForMs`, after which another may probe in a worker's stead; > 0. @default 60000 */
  readonly probeLeaseMs?: number;
  /** Milliseconds by which two clocks of the fleet may differ; >= 0. @default 2000 */
  readonly maxSkewMs?: number;
  /** Whether a rejection of `execute` speaks against the upstream. @default - every rejection does */
  readonly isFailure?: (error: unknown) => boolean;
  /** Shares the state with the fleet. @default - the state is this process's own */
  readonly store?: IBreakerStore;
  /** A read of the store is used for between once and twice so many milliseconds, at random; > 0. @default 1000 */
  readonly cacheMs?: number;
  /** Milliseconds after which a call of the store counts as failed; > 0. @default 1000 */
  readonly storeTimeoutMs?: number;
  readonly observer?: BreakerObserver;
}

/** The world as a breaker sees it. @default - the system's clock, `Math.random`, timers */
export interface BreakerTools {
  readonly now?: Clock;
  readonly random?: Random;
  readonly sleep?: Sleep;
}

/** Upper bound of an open window where nothing else is said, in milliseconds. */
export const DEFAULT_MAX_OPEN_FOR_MS = 60_000;

export const BREAKER_DEFAULTS = {
  name: 'upstream',
  failures: 5,
  failureRate: 0.5,
  windowMs: 30_000,
  openForMs: 30_000,
  successesToClose: 2,
  probeLeaseMs: 60_000,
  maxSkewMs: 2_000,
  cacheMs: 1_000,
  storeTimeoutMs: 1_000,
} as const;

export interface ResolvedOptions extends Required<Omit<BreakerOptions, 'store'>> {
  readonly store: IBreakerStore | undefined;
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;
const isSpan = (value: number): boolean => value > 0 && value < Number.POSITIVE_INFINITY;

/** The options with their defaults. @throws RangeError that names every option out of its range. */
export const resolveOptions = (options: BreakerOptions): ResolvedOptions => {
  const resolved: ResolvedOptions = {
    ...BREAKER_DEFAULTS,
    maxOpenForMs: Math.max(DEFAULT_MAX_OPEN_FOR_MS, options.openForMs ?? BREAKER_DEFAULTS.openForMs),
    slowCallMs: Number.POSITIVE_INFINITY,
    isFailure: () => true,
    observer: {},
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
    store: options.store,
  };
  const { failureRate, maxOpenForMs, openForMs, maxSkewMs, slowCallMs } = resolved;
  const faults = [
    ...(['failures', 'successesToClose'] as const)
      .filter((key) => !isCount(resolved[key]))
      .map((key) => `\`${key}\` must be an integer >= 1, got: ${resolved[key]}`),
    ...(['windowMs', 'openForMs', 'probeLeaseMs', 'cacheMs', 'storeTimeoutMs'] as const)
      .filter((key) => !isSpan(resolved[key]))
      .map((key) => `\`${key}\` must be > 0 and finite, got: ${resolved[key]}`),
    ...(failureRate > 0 && failureRate <= 1 ? [] : [`\`failureRate\` must be > 0 and <= 1, got: ${failureRate}`]),
    ...(slowCallMs > 0 ? [] : [`\`slowCallMs\` must be > 0, got: ${slowCallMs}`]),
    ...(maxSkewMs >= 0 ? [] : [`\`maxSkewMs\` must be >= 0, got: ${maxSkewMs}`]),
    ...(maxOpenForMs >= openForMs && maxOpenForMs < Number.POSITIVE_INFINITY
      ? []
      : [`\`maxOpenForMs\` must be finite and >= \`openForMs\`, got: ${maxOpenForMs}`]),
  ];
  if (faults.length > 0) throw new RangeError(faults.join('; '));
  return resolved;
};
