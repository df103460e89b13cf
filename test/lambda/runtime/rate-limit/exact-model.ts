import type { LimitTerms } from '../../../../lambda/runtime/rate-limit/limits';

/**
 * The limits by their definition, one request after the other: a bucket that fills up as time goes by, and one counter
 * for each day and month there ever was.
 */
export class ExactModel {
  readonly #terms: LimitTerms;
  readonly #tokenUs: number;
  readonly #counts = new Map<string, number>();
  #levelUs: number;
  #atMs: number;

  constructor(terms: LimitTerms, startMs: number) {
    this.#terms = terms;
    this.#tokenUs = Math.ceil(1_000_000 / terms.requestsPerSecond);
    this.#levelUs = terms.burst * this.#tokenUs;
    this.#atMs = startMs;
  }

  /** The limits that refuse a request at this moment, without counting it. */
  refusals(nowMs: number, cost: number): string[] {
    const [day, month] = this.#labels(nowMs);
    const { requestsPerDay = Number.POSITIVE_INFINITY, requestsPerMonth = Number.POSITIVE_INFINITY } = this.#terms;
    return [
      ...(this.#levelAt(nowMs) < cost * this.#tokenUs ? ['rate'] : []),
      ...(this.used(day) + cost > requestsPerDay ? ['day'] : []),
      ...(this.used(month) + cost > requestsPerMonth ? ['month'] : []),
    ];
  }

  /** Counts a request where nothing refuses it; answers what does. */
  take(nowMs: number, cost: number): string[] {
    const refusals = this.refusals(nowMs, cost);
    if (refusals.length > 0) return refusals;
    this.#levelUs = this.#levelAt(nowMs) - cost * this.#tokenUs;
    this.#atMs = nowMs;
    for (const label of this.#labels(nowMs)) this.#counts.set(label, this.used(label) + cost);
    return [];
  }

  /** Whole tokens in the bucket. */
  tokens(nowMs: number): number {
    return Math.floor(this.#levelAt(nowMs) / this.#tokenUs);
  }

  /** Counted in a window: `2026-11-27`, or `2026-11`. */
  used(label: string): number {
    return this.#counts.get(label) ?? 0;
  }

  #levelAt(nowMs: number): number {
    return Math.min(this.#terms.burst * this.#tokenUs, this.#levelUs + (nowMs - this.#atMs) * 1_000);
  }

  #labels(nowMs: number): [string, string] {
    const date = new Date(nowMs);
    const month = `${date.getUTCFullYear()}-${String(date.getUTCMonth() + 1).padStart(2, '0')}`;
    return [`${month}-${String(date.getUTCDate()).padStart(2, '0')}`, month];
  }
}
