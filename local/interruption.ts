import { setTimeout as sleep } from 'node:timers/promises';
import { LocalFailure } from './failure';

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

/**
 * Why work failed: the reason of the interruption when there is one, else the error itself. A broken connection to an
 * emulator that has just died is seen a moment before its death is.
 */
export async function causeOf(error: unknown, signal: AbortSignal): Promise<unknown> {
  if (!(error instanceof LocalFailure)) await Promise.race([untilAborted(signal), sleep(500)]);
  return signal.aborted ? signal.reason : error;
}
