/** Thrown into whatever waits when a signal asks the program to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(readonly signalName: NodeJS.Signals) {
    super(`local: ended by ${signalName}`);
  }
}

/**
 * Aborts on SIGINT, SIGTERM and SIGHUP. Later signals change nothing: the clean-up that the first one has begun is
 * what ends the program, and takes seconds.
 */
export function abortOnSignals(interruption: AbortController): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => interruption.abort(new Interrupted(name)));
  }
}

/** Resolves when the signal aborts. */
export const untilAborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve(signal.reason);
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
