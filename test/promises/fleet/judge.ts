import { BREAKER_DEFAULTS } from '../../../lambda/runtime/breaker/breaker-options';
import { LEAST_CONCURRENCY } from '../../../lambda/runtime/consumer-control/consumer';
import { STEP_SECONDS } from './control-model';
import { type FleetRun, SCENE } from './fleet-run';
import type { SeenCall } from './upstream-model';
import { type OpenWindow, PEER_OPEN_MS } from './world';

/** A read of the shared row serves for up to twice `cacheMs`, and for as long again where the next read fails. */
const CACHE_LAG_MS = 4 * BREAKER_DEFAULTS.cacheMs + 200;
/** What a peer's breaker gets to open before its calls are counted. */
const PEER_DETECTION_MS = 60_000;

/** Two probes of a mean call each, and a step for every doubling from two workers to all. */
const IDEAL_RAMP_MS =
  BREAKER_DEFAULTS.successesToClose * ((SCENE.callMs[0] + SCENE.callMs[1]) / 2) +
  Math.ceil(Math.log2(SCENE.workers / LEAST_CONCURRENCY)) * STEP_SECONDS * 1_000;

/** What a run amounts to. */
export interface Verdict {
  readonly seed: number;
  readonly jobs: number;
  /** Open windows of the whole run; for a fleet of single breakers, slices of the long outage as long as theirs. */
  readonly windows: number;
  /** How often a closed breaker opened. */
  readonly openings: number;
  /** Most calls that reached the upstream while it was down, in one window. */
  readonly callsPerWindow: number;
  /** Calls after an opening by workers that had read the row before it. */
  readonly stragglers: number;
  /** Calls while it was down by workers that could not reach the breaker's store just then. */
  readonly blindCalls: number;
  readonly callsWhileDown: number;
  /** Openings of a closed breaker while the upstream was up: poison alone made them. */
  readonly falseOpenings: number;
  readonly deadByOutage: number;
  /** Poison that did not end in the dead-letter queue. */
  readonly poisonAlive: number;
  readonly unfinished: number;
  readonly recoveryMs: number;
  /** Time to full throughput against the ideal ramp; 0 where the fleet has none. */
  readonly rampRatio: number;
  readonly figures: Readonly<Record<string, number>>;
}

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Judges one run by the goals of the promise. */
export function judge(run: FleetRun): Verdict {
  const whileDown = run.calls.filter(({ isDown }) => isDown);
  const down = whileDown.filter(({ isBlind }) => !isBlind).map(({ atMs }) => atMs);
  const openings = openingsOf(run.openWindows ?? []);
  const windows = run.openWindows?.map((window) => afterLag(window, openings)) ?? slices();
  const perWindow = windows.map((window) => countIn(down, window));
  const lags = openings.map(({ fromMs }) => ({ fromMs, toMs: fromMs + CACHE_LAG_MS }));
  return {
    seed: run.seed,
    jobs: run.jobs,
    windows: windows.length,
    openings: openings.length,
    callsPerWindow: Math.max(0, ...perWindow),
    stragglers: lags.reduce((sum, window) => sum + countIn(down, window), 0),
    blindCalls: whileDown.length - down.length,
    callsWhileDown: whileDown.length,
    falseOpenings: openings.filter(({ fromMs }) => !isByOutage(fromMs, run)).length,
    deadByOutage: run.deadByOutage,
    poisonAlive: run.poison - run.deadPoison,
    unfinished: run.unfinished,
    recoveryMs: run.recoveryMs ?? Number.POSITIVE_INFINITY,
    rampRatio: rampRatio(run),
    figures: run.figures,
  };
}

/** Calls within a window; `calls` is in order of time. */
const countIn = (calls: readonly number[], { fromMs, toMs }: Window): number =>
  Math.max(0, firstFrom(calls, toMs) - firstFrom(calls, fromMs));

const firstFrom = (calls: readonly number[], ms: number): number => {
  let [low, high] = [0, calls.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((calls[middle] as number) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
};

const slices = (): Window[] => {
  const [from, to] = SCENE.outage;
  const count = Math.floor((to - from - PEER_DETECTION_MS) / PEER_OPEN_MS);
  return Array.from({ length: count }, (_, index) => {
    const fromMs = from + PEER_DETECTION_MS + index * PEER_OPEN_MS;
    return { fromMs, toMs: fromMs + PEER_OPEN_MS };
  });
};

/**
 * The ideal: the first probe that can succeed runs as soon as its window ends, each probe takes a mean call, and every
 * step of the ramp follows the one before at once.
 */
function rampRatio({ recoveryMs, openWindows, calls, outages }: FleetRun): number {
  if (!openWindows) return 0;
  const recoveredAt = outages[0]?.[1] ?? 0;
  const first = openWindows.findIndex(({ fromMs, toMs }) => fromMs <= recoveredAt && recoveredAt < toMs);
  const window = first < 0 ? undefined : windowOfProbe(openWindows.slice(first), calls);
  const restOfWindowMs = Math.max(0, (window?.probeFromMs ?? 0) - recoveredAt);
  return (recoveryMs ?? Number.POSITIVE_INFINITY) / (restOfWindowMs + IDEAL_RAMP_MS);
}

/**
 * The first of the windows whose probe could succeed. One that began before the upstream came back fails; and so does
 * one with a job that no upstream serves, which looks the same to a fleet that probes with its jobs, one a window.
 */
function windowOfProbe(windows: readonly OpenWindow[], calls: readonly SeenCall[]): OpenWindow | undefined {
  const atMs = calls.map((call) => call.atMs);
  return windows.find(({ toMs }, index) => {
    const probe = calls[firstFrom(atMs, toMs) - 1];
    return windows[index + 1]?.fromMs !== toMs || !(probe?.isDown || probe?.isPoison);
  });
}

/** The windows in which a closed breaker opened; the others follow a probe that failed. */
const openingsOf = (windows: readonly OpenWindow[]): OpenWindow[] =>
  windows.filter(({ fromMs }, index) => windows[index - 1]?.toMs !== fromMs);

/** A worker that has read the row as closed cannot know: those calls are counted apart, as stragglers. */
const afterLag = (window: OpenWindow, openings: readonly OpenWindow[]): Window =>
  openings.includes(window) ? { ...window, fromMs: window.fromMs + CACHE_LAG_MS } : window;

/** What an outage has broken is noticed a little after it. */
const NOTICED_WITHIN_MS = 60_000;

const isByOutage = (atMs: number, { outages }: FleetRun): boolean =>
  outages.some(([from, to]) => atMs >= from && atMs < to + NOTICED_WITHIN_MS);
