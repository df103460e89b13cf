import type { Clock, Random } from '../clock/clock';
import { SecretUnavailableError } from './errors';

export interface SecretCacheOptions {
  /** Reads the secret from its keeper. */
  readonly load: () => Promise<string>;
  /** Milliseconds that a value is used before it is read again. @default 300000 */
  readonly ttlMs?: number;
  /** Milliseconds that a held value is used after a failed read, before the next try. @default 10000 */
  readonly retryMs?: number;
  readonly now: Clock;
  readonly random: Random;
  /** Told when a read failed and the held value is served instead. */
  readonly onStale?: (error: unknown) => void;
}

/** Part of the time to live by which it is shortened at random, so that a fleet does not read in step. */
const JITTER = 0.2;

/** Holds one secret for the process: one read at a time, and the last good value while the keeper is down. */
export class SecretCache {
  readonly #options: SecretCacheOptions & { readonly ttlMs: number; readonly retryMs: number };
  #value: string | undefined;
  #freshUntil = 0;
  #loading: Promise<string> | undefined;

  constructor(options: SecretCacheOptions) {
    this.#options = { ...options, ttlMs: options.ttlMs ?? 300_000, retryMs: options.retryMs ?? 10_000 };
  }

  /** @throws SecretUnavailableError where no read has ever succeeded and this one fails. */
  async get(): Promise<string> {
    if (this.#value !== undefined && this.#options.now() < this.#freshUntil) return this.#value;
    return this.#load();
  }

  /**
   * The value to use after `rejected` was refused: read anew, unless somebody has done so already.
   * @throws SecretUnavailableError as `get` does.
   */
  async renew(rejected: string): Promise<string> {
    if (this.#value !== undefined && this.#value !== rejected) return this.#value;
    return this.#load();
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
      this.#value = await load();
      this.#freshUntil = now() + ttlMs * (1 - JITTER * random());
      return this.#value;
    } catch (error) {
      if (this.#value === undefined) throw new SecretUnavailableError(error);
      this.#freshUntil = now() + retryMs * (1 - JITTER * random());
      onStale?.(error);
      return this.#value;
    }
  }
}
