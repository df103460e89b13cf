import type { Backoff } from '../backoff/backoff';
import { fullJitterBackoff } from '../backoff/full-jitter';
import { LedgerBusyError } from './errors';
import type { ResolvedOptions } from './ledger-options';

/** Counts how often others came first in one operation, and waits by full jitter where they are at it still. */
export class Attempts {
  readonly #options: Pick<ResolvedOptions, 'attempts' | 'sleep'>;
  #backoff: Backoff;
  #used = 0;

  constructor(options: Pick<ResolvedOptions, 'attempts' | 'baseMs' | 'capMs' | 'random' | 'sleep'>) {
    this.#options = options;
    this.#backoff = fullJitterBackoff(options, options.random);
  }

  /** Others were faster, and are done. @throws LedgerBusyError where that was the last attempt. */
  lost(cause?: unknown): void {
    this.#used += 1;
    if (this.#used >= this.#options.attempts) throw new LedgerBusyError(this.#used, { cause });
  }

  /** Others are at it. @throws LedgerBusyError where that was the last attempt. */
  async conflict(cause?: unknown): Promise<void> {
    this.lost(cause);
    const { delayMs, next } = this.#backoff.next();
    this.#backoff = next;
    await this.#options.sleep(delayMs);
  }
}
