import type { Clock, Random } from '../clock/clock';
import type { CredentialState } from './credential';
import { SecretUnavailableError } from './errors';
import { GrowingPause, JITTER } from './growing-pause';

export interface SecretCacheOptions {
  /** Reads the secret from its keeper. */
  readonly load: () => Promise<string>;
  /** Milliseconds that a value is used before it is read again. @default 300000 */
  readonly ttlMs?: number;
  /** Milliseconds that a held value is used after a failed read, before the next try. @default 10000 */
  readonly retryMs?: number;
  /**
   * Milliseconds in which a value that was refused and read anew, and is still the same, is not read again; twice as
   * many after each such read.
   *
   * @default 1000
   */
  readonly renewPauseMs?: number;
  readonly now: Clock;
  readonly random: Random;
  /** Told when a read failed and the held value is served instead. */
  readonly onStale?: (error: unknown) => void;
  /** Told when a value is read ahead of its time, because it was refused. */
  readonly onRenewal?: () => void;
}

/** Milliseconds to which the pause after a fruitless renewal grows. */
export const MAX_RENEW_PAUSE_MS = 60_000;

/** Holds one secret for the process: one read at a time, and the last good value while the keeper is down. */
export class SecretCache {
  readonly #options: SecretCacheOptions & Required<Pick<SecretCacheOptions, 'ttlMs' | 'retryMs'>>;
  readonly #pause: GrowingPause;
  #value: string | undefined;
  #readAt: number | undefined;
  #isStale = false;
  #freshUntil = 0;
  #loading: Promise<string> | undefined;
  #renewing: Promise<string> | undefined;

  constructor(options: SecretCacheOptions) {
    const { ttlMs = 300_000, retryMs = 10_000, renewPauseMs = 1_000 } = options;
    const { now, random } = options;
    this.#options = { ...options, ttlMs, retryMs };
    this.#pause = new GrowingPause({ firstMs: renewPauseMs, maxMs: MAX_RENEW_PAUSE_MS, now, random });
  }

  /** @throws SecretUnavailableError where no read has ever succeeded and this one fails. */
  async get(): Promise<string> {
    if (this.#value !== undefined && this.#options.now() < this.#freshUntil) return this.#value;
    return this.#load();
  }

  /**
   * The value to use after `rejected` was refused: read anew, unless somebody has done so already. Where that gives
   * the same value again, further refusals of it are not worth a read until a pause is over.
   * @throws SecretUnavailableError as `get` does.
   */
  async renew(rejected: string): Promise<string> {
    // At once, and not by way of `#renewing`: somebody else would join it whose refused value is the held one.
    if (this.#value !== undefined && this.#value !== rejected) return this.#value;
    if (this.#value !== undefined && !this.#pause.isOver) return this.#value;
    this.#renewing ??= this.#readAnew(rejected).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  state(): CredentialState {
    return { obtainedAt: this.#readAt, isStale: this.#isStale };
  }

  async #readAnew(rejected: string): Promise<string> {
    // A read that has begun before the refusal may bring what was current before it.
    await this.#loading?.catch(() => undefined);
    if (this.#value !== undefined && this.#value !== rejected) return this.#value;
    this.#options.onRenewal?.();
    const value = await this.#load();
    if (value === rejected) this.#pause.begin();
    return value;
  }

  #load(): Promise<string> {
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #read(): Promise<string> {
    const { load, now, random, ttlMs, retryMs, onStale } = this.#options;
    try {
      const value = await load();
      this.#take(value);
      this.#freshUntil = now() + ttlMs * (1 - JITTER * random());
      return value;
    } catch (error) {
      if (this.#value === undefined) throw new SecretUnavailableError(error);
      this.#isStale = true;
      this.#freshUntil = now() + retryMs * (1 - JITTER * random());
      onStale?.(error);
      return this.#value;
    }
  }

  #take(value: string): void {
    if (value !== this.#value) this.#pause.reset();
    this.#value = value;
    this.#readAt = this.#options.now();
    this.#isStale = false;
  }
}
