import fc from 'fast-check';
import type { Permit } from '../../../../lambda/runtime/breaker/breaker';
import { CircuitBreaker } from '../../../../lambda/runtime/breaker/circuit-breaker';
import { MemoryBreakerStore } from '../../../../lambda/runtime/breaker/memory-breaker-store';

const NAME = 'upstream';
const OPEN_FOR_MS = 30_000;
const MAX_SKEW_MS = 2_000;

/** How a probe's call ends; `crash`: its worker dies, and says nothing. */
type Verdict = 'success' | 'failure' | 'abandon' | 'crash';

interface Probe {
  /** True time at which the call began. */
  readonly at: number;
  readonly verdict: Verdict;
}

/** Workers that share a store, each with a clock of its own, over a breaker that has just opened. */
class Fleet {
  nowMs = 1_000_000;
  readonly store = new MemoryBreakerStore();
  readonly probes: Probe[] = [];
  readonly #workers: CircuitBreaker[];

  constructor(skews: readonly number[], probeLeaseMs: number) {
    this.#workers = skews.map(
      (skewMs, index) =>
        new CircuitBreaker(
          { store: this.store, openForMs: OPEN_FOR_MS, maxSkewMs: MAX_SKEW_MS, probeLeaseMs, successesToClose: 1_000 },
          { now: () => this.nowMs + skewMs, random: () => index / skews.length, sleep: () => new Promise(() => {}) },
        ),
    );
  }

  async open(): Promise<void> {
    const { nowMs } = this;
    await this.store.trip(NAME, { expectedEpoch: 0, nowMs, openUntil: nowMs + OPEN_FOR_MS, reason: 'test' });
    this.probes.push({ at: nowMs, verdict: 'failure' });
  }

  /** Asks for a permit; a call that may be made takes `callMs` and ends so. */
  async ask(worker: number, verdict: Verdict, callMs = 0): Promise<void> {
    const breaker = this.#workers[worker % this.#workers.length] as CircuitBreaker;
    const permit = await breaker.acquire().catch(() => undefined);
    if (!permit) return;
    expect(permit.kind).toBe('probe');
    this.probes.push({ at: this.nowMs, verdict });
    this.nowMs += callMs;
    if (verdict !== 'crash') await (permit[verdict] as Permit['success'])(callMs);
  }

  /** The least time between the beginnings of two calls, of which the first did not succeed. */
  get leastGapMs(): number {
    const gaps = this.probes
      .slice(1)
      .map(({ at }, index) => ({ ms: at - (this.probes[index] as Probe).at, after: this.probes[index] as Probe }));
    return Math.min(
      Number.POSITIVE_INFINITY,
      ...gaps.flatMap(({ ms, after }) => (after.verdict === 'success' ? [] : [ms])),
    );
  }
}

test('a thousand abandoned probes take a thousand windows, however often a fleet asks', async () => {
  const fleet = new Fleet([0, 0, 0], 60_000);
  await fleet.open();
  const begunAt = fleet.nowMs;
  for (let asks = 0; fleet.probes.length <= 1_000; asks += 1) {
    fleet.nowMs += 1_000;
    await fleet.ask(asks, 'abandon');
  }
  expect(fleet.leastGapMs).toBeGreaterThanOrEqual(OPEN_FOR_MS);
  expect(fleet.nowMs - begunAt).toBeGreaterThanOrEqual(1_000 * OPEN_FOR_MS);
  // A cached row costs no window: it is read anew every two seconds at the latest.
  expect(fleet.nowMs - begunAt).toBeLessThanOrEqual(1_000 * (OPEN_FOR_MS + 3_000));
});

const ask = fc.record({
  worker: fc.nat(4),
  verdict: fc.constantFrom<Verdict>('success', 'failure', 'abandon', 'abandon', 'crash'),
  waitMs: fc.oneof(fc.nat(5_000), fc.integer({ min: 26_000, max: 34_000 }), fc.nat(200_000)),
  callMs: fc.nat(90_000),
});

test('one call a window, whatever comes of the calls, unless it succeeds: clocks that differ cost their difference', async () => {
  const skews = fc.array(fc.integer({ min: -MAX_SKEW_MS / 2, max: MAX_SKEW_MS / 2 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(
      skews,
      fc.integer({ min: 1, max: 90_000 }),
      fc.array(ask, { maxLength: 80 }),
      async (differences, probeLeaseMs, asks) => {
        const fleet = new Fleet(differences, probeLeaseMs);
        await fleet.open();
        for (const { worker, verdict, waitMs, callMs } of asks) {
          fleet.nowMs += waitMs;
          await fleet.ask(worker, verdict, callMs);
        }
        expect(fleet.leastGapMs).toBeGreaterThanOrEqual(OPEN_FOR_MS - MAX_SKEW_MS);
      },
    ),
  );
});
