/** Buckets of the window; the share of it that is forgotten at once. */
const BUCKETS = 10;

/** Counts calls and failures over the last `windowMs` milliseconds, in buckets: nothing is allocated per call. */
export class RollingWindow {
  readonly #bucketMs: number;
  readonly #calls = new Float64Array(BUCKETS);
  readonly #failures = new Float64Array(BUCKETS);
  #slot = 0;
  #endsAt = Number.NEGATIVE_INFINITY;
  #totalCalls = 0;
  #totalFailures = 0;

  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
  }

  /** Calls in the window, as of the last record. */
  get calls(): number {
    return this.#totalCalls;
  }

  /** Failures in the window, as of the last record. */
  get failures(): number {
    return this.#totalFailures;
  }

  /** A clock that goes back counts into the bucket that is current. */
  recordSuccess(nowMs: number): void {
    if (nowMs >= this.#endsAt) this.#advance(nowMs);
    this.#calls[this.#slot] = (this.#calls[this.#slot] as number) + 1;
    this.#totalCalls += 1;
  }

  recordFailure(nowMs: number): void {
    this.recordSuccess(nowMs);
    this.#failures[this.#slot] = (this.#failures[this.#slot] as number) + 1;
    this.#totalFailures += 1;
  }

  /** Forgets everything. */
  clear(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
    this.#totalCalls = 0;
    this.#totalFailures = 0;
  }

  #advance(nowMs: number): void {
    const bucket = Math.floor(nowMs / this.#bucketMs);
    const passed = Math.min(BUCKETS, bucket - Math.round(this.#endsAt / this.#bucketMs) + 1);
    for (let index = 0; index < passed; index += 1) {
      this.#slot = (this.#slot + 1) % BUCKETS;
      this.#totalCalls -= this.#calls[this.#slot] as number;
      this.#totalFailures -= this.#failures[this.#slot] as number;
      this.#calls[this.#slot] = 0;
      this.#failures[this.#slot] = 0;
    }
    this.#endsAt = (bucket + 1) * this.#bucketMs;
  }
}
