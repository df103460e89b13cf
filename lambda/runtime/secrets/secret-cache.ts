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
   * Milliseconds beyond `ttlMs` for which a held value is used while it cannot be read anew, 0 or more. Where the secret
   * rotates: the grace of a replaced value less `ttlMs` and the longest call, so that no ended value is called with.
   *
   * @default - without end, which is right only where nothing rotates
   */
  readonly maxStaleMs?: number;
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

/** Holds one secret for the process: one read at a time, and the last good value, for a while, where the keeper is down. */
export class SecretCache {
  readonly #options: SecretCacheOptions & Required<Pick<SecretCacheOptions, 'ttlMs' | 'retryMs' | 'maxStaleMs'>>;
  readonly #pause: GrowingPause;
  #value: string | undefined;
  /** When the read began that brought the value. */
  #readAt = Number.NEGATIVE_INFINITY;
  #isStale = false;
  #freshUntil = 0;
  #loading: Promise<string> | undefined;
  #renewing: Promise<string> | undefined;

  constructor(options: SecretCacheOptions) {
    const { ttlMs = 300_000, retryMs = 10_000, renewPauseMs = 1_000, maxStaleMs = Number.POSITIVE_INFINITY } = options;
    const { now, random } = options;
    if (!(maxStaleMs >= 0)) throw new RangeError(`\`maxStaleMs\` must be 0 or more, got: ${maxStaleMs}`);
    this.#options = { ...options, ttlMs, retryMs, maxStaleMs };
    this.#pause = new GrowingPause({ firstMs: renewPauseMs, maxMs: MAX_RENEW_PAUSE_MS, now, random });
  }

  /** @throws SecretUnavailableError where it cannot be read, and no value is held that may still be used. */
  async get(): Promise<string> {
    return this.#value !== undefined && this.#isFresh ? this.#value : this.#load();
  }

  /**
   * The value to use after `rejected` was refused: read anew, unless somebody has done so already. Where that gives
   * the same value again, further refusals of it are not worth a read until a pause is over.
   * @throws SecretUnavailableError as `get` does.
   */
  async renew(rejected: string): Promise<string> {
    // At once, and not by way of `#renewing`: somebody else would join it whose refused value is the held one.
    const held = this.#held();
    if (held !== undefined && (held !== rejected || !this.#pause.isOver)) return held;
    this.#renewing ??= this.#readAnew(rejected).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  state(): CredentialState {
    return { obtainedAt: this.#value === undefined ? undefined : this.#readAt, isStale: this.#isStale };
  }

  async #readAnew(rejected: string): Promise<string> {
    // A read that has begun before the refusal may bring what was current before it.
    await this.#loading?.catch(() => undefined);
    const held = this.#held();
    if (held !== undefined && held !== rejected) return held;
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
    // Nobody knows more than that the value was current then.
    const startedAt = now();
    try {
      const value = await load();
      this.#take(value, startedAt);
      this.#freshUntil = startedAt + ttlMs * (1 - JITTER * random());
      return value;
    } catch (error) {
      this.#isStale = this.#value !== undefined;
      const held = this.#held();
      if (held === undefined) throw new SecretUnavailableError(error);
      this.#freshUntil = Math.min(now() + retryMs * (1 - JITTER * random()), this.#usableUntil);
      onStale?.(error);
      return held;
    }
  }

  /** The value, where it may still be used. */
  #held(): string | undefined {
    return this.#options.now() < this.#usableUntil ? this.#value : undefined;
  }

  /** A clock that was set back does not say how long the value has been held. */
  get #isFresh(): boolean {
    const nowMs = this.#options.now();
    return nowMs >= this.#readAt && nowMs < this.#freshUntil;
  }

  get #usableUntil(): number {
    return this.#readAt + this.#options.ttlMs + this.#options.maxStaleMs;
  }

  #take(value: string, readAt: number): void {
    if (value !== this.#value) this.#pause.reset();
    this.#value = value;
    this.#readAt = readAt;
    this.#isStale = false;
  }
}
