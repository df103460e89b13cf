/** Settles as `work` does, or rejects with the signal's reason as soon as it is aborted; `work` itself goes on. */
export const untilAborted = <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    const settleBy =
      <Result>(settle: (result: Result) => void) =>
      (result: Result) => {
        signal.removeEventListener('abort', stop);
        settle(result);
      };
    work.then(settleBy(resolve), settleBy(reject));
    // Whoever began the work may have aborted by then, of which no listener hears.
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
  });
};
