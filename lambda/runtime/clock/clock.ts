import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds since the epoch. */
export type Clock = () => number;

/** A number in [0, 1), as `Math.random` gives. */
export type Random = () => number;

/** Waits `ms` milliseconds; rejects at once with the signal's reason when it is aborted. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/** Runs a function later; cheaper than a sleep where it is nearly always called off. */
export interface ITimers {
  /** Calls `onEnd` after `ms` milliseconds; answers what calls it off. */
  start(ms: number, onEnd: () => void): object;
  stop(timer: object): void;
}

export const systemClock: Clock = () => Date.now();

export const sleep: Sleep = async (ms, signal) => {
  try {
    await wait(ms, undefined, { signal });
  } catch {
    // Nothing but an abort ends it so; Node would throw an AbortError with the reason as its cause.
    throw (signal as AbortSignal).reason;
  }
};

export const systemTimers: ITimers = {
  start: (ms, onEnd) => setTimeout(onEnd, ms),
  stop: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
