import fc from 'fast-check';
import type { Backoff } from '../../../../lambda/runtime/backoff/backoff';
import { decorrelatedJitterBackoff } from '../../../../lambda/runtime/backoff/decorrelated-jitter';
import { fullJitterBackoff } from '../../../../lambda/runtime/backoff/full-jitter';

const take = (first: Backoff, count: number): number[] => {
  const delays: number[] = [];
  let backoff = first;
  for (let index = 0; index < count; index += 1) {
    const { delayMs, next } = backoff.next();
    delays.push(delayMs);
    backoff = next;
  }
  return delays;
};

const makers = { fullJitterBackoff, decorrelatedJitterBackoff };
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const bounds = fc
  .tuple(fc.integer({ min: 1, max: 10_000 }), fc.nat(100_000))
  .map(([baseMs, more]) => ({ baseMs, capMs: baseMs + more }));

/** Gives these numbers, over and over. */
const cycle = (values: readonly number[]) => {
  let index = 0;
  return () => values[index++ % values.length] as number;
};

const randoms = fc.array(unit, { minLength: 1, maxLength: 20 });

describe.each(Object.entries(makers))('%s', (_, make) => {
  test.each([
    [{ baseMs: 0, capMs: 1 }, '`baseMs` must be > 0, got: 0'],
    [{ baseMs: Number.NaN, capMs: 1 }, '`baseMs` must be > 0, got: NaN'],
    [{ baseMs: 2, capMs: 1 }, '`capMs` must be >= `baseMs`, got: 1'],
  ])('refuses %j', (bad, message) => {
    expect(() => make(bad)).toThrow(new RangeError(message));
  });

  test('takes bounds that are equal', () => {
    expect(
      take(
        make({ baseMs: 7, capMs: 7 }, () => 0.999),
        3,
      ),
    ).toEqual([7, 7, 7]);
  });

  test('is not changed by being used: every step goes on as it would have', () => {
    const first = make({ baseMs: 100, capMs: 10_000 }, () => 0.5);
    const second = first.next().next;
    const delays = take(second, 5);
    take(first, 9);
    expect(take(second, 5)).toEqual(delays);
    expect(take(first, 6).slice(1)).toEqual(delays);
  });

  test('draws from Math.random unless told otherwise', () => {
    const delays = take(make({ baseMs: 100, capMs: 1_000_000 }), 12);
    expect(new Set(delays).size).toBeGreaterThan(1);
  });
});

test('full jitter stays in [0, min(cap, base x 2^(n - 1))], in whole milliseconds', () => {
  fc.assert(
    fc.property(bounds, randoms, (limits, values) => {
      take(fullJitterBackoff(limits, cycle(values)), 40).forEach((delayMs, index) => {
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(Math.min(limits.capMs, limits.baseMs * 2 ** index));
      });
    }),
  );
});

test('decorrelated jitter stays in [base, 3 x the one before], and below cap, in whole milliseconds', () => {
  fc.assert(
    fc.property(bounds, randoms, (limits, values) => {
      let previousMs = limits.baseMs;
      for (const delayMs of take(decorrelatedJitterBackoff(limits, cycle(values)), 40)) {
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(limits.baseMs);
        expect(delayMs).toBeLessThanOrEqual(Math.min(limits.capMs, previousMs * 3));
        previousMs = delayMs;
      }
    }),
  );
});

test.each([
  [0, [0, 0, 0, 0]],
  [0.5, [50, 100, 200, 250]],
  [0.999, [100, 200, 400, 500]],
])('full jitter at %d: %j', (r, delays) => {
  expect(
    take(
      fullJitterBackoff({ baseMs: 100, capMs: 500 }, () => r),
      4,
    ),
  ).toEqual(delays);
});

test.each([
  [0, [100, 100, 100, 100]],
  [0.5, [200, 350, 575, 913]],
  [0.999, [300, 900, 2_000, 2_000]],
])('decorrelated jitter at %d: %j', (r, delays) => {
  expect(
    take(
      decorrelatedJitterBackoff({ baseMs: 100, capMs: 2_000 }, () => r),
      4,
    ),
  ).toEqual(delays);
});

test.each([
  [{ baseMs: 0.5, capMs: 0.75 }, [0, 0]],
  [{ baseMs: 1.5, capMs: 100 }, [2, 2]],
  [{ baseMs: 10, capMs: 10.9 }, [10, 10]],
])('decorrelated jitter gives whole numbers below the cap for %j', (limits, delays) => {
  expect(
    take(
      decorrelatedJitterBackoff(limits, () => 0),
      2,
    ),
  ).toEqual(delays);
});
