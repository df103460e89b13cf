import type { Sleep } from '../clock/clock';

/** Settles as `work` does, or rejects with what `late` makes after `ms` milliseconds; `work` itself goes on. */
export const within = <T>(work: Promise<T>, ms: number, sleep: Sleep, late: () => Error): Promise<T> =>
  new Promise((resolve, reject) => {
    const ended = new AbortController();
    const settleBy =
      <Result>(settle: (result: Result) => void) =>
      (result: Result) => {
        ended.abort();
        settle(result);
      };
    work.then(settleBy(resolve), settleBy(reject));
    sleep(ms, ended.signal).then(
      () => reject(late()),
      () => undefined,
    );
  });
