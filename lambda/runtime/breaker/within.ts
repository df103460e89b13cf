import type { Sleep } from '../clock/clock';

/** Settles as `work` does, or rejects with what `late` makes after `ms` milliseconds; `work` itself goes on. */
export const within = async <T>(work: Promise<T>, ms: number, sleep: Sleep, late: () => Error): Promise<T> => {
  const settled = new AbortController();
  const timer = sleep(ms, settled.signal).then(
    () => {
      throw late();
    },
    // Ended because the work is done: the race is decided.
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([work, timer]);
  } finally {
    settled.abort();
  }
};
