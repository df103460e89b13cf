import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  ADAPTIVE_DEFAULTS,
  AdaptiveConcurrency,
  type AdaptiveConcurrencyOptions,
} from '../../../../lambda/runtime/bulkhead/adaptive-concurrency';

const OVERLOAD = new Error('529');

const limitOf = (options: Partial<AdaptiveConcurrencyOptions> = {}) => {
  const clock = { nowMs: 10_000 };
  const limit = new AdaptiveConcurrency({
    max: 16,
    isOverload: (error) => error === OVERLOAD,
    now: () => clock.nowMs,
    ...options,
  });
  return { clock, limit };
};

test('begins at its upper bound, unless told', () => {
  expect(limitOf().limit.current).toBe(16);
  expect(limitOf({ initial: 4 }).limit.current).toBe(4);
});

test('halves at an overload, once a window, down to its lower bound', () => {
  const { clock, limit } = limitOf({ min: 3 });
  const seen = [0, 0, 999, 1, 1_000, 1_000].map((afterMs) => {
    clock.nowMs += afterMs;
    limit.failed(OVERLOAD);
    return limit.current;
  });
  expect(seen).toEqual([8, 8, 8, 4, 3, 3]);
});

test('rounds a half down', () => {
  const { limit } = limitOf({ initial: 5 });
  limit.failed(OVERLOAD);
  expect(limit.current).toBe(2);
});

test('takes no other error for an overload', () => {
  const { limit } = limitOf();
  limit.failed(new Error('400'));
  expect(limit.current).toBe(16);
});

test('grows by one after a window in which it was reached', () => {
  const { clock, limit } = limitOf({ initial: 4 });
  const after = (ms: number, running: number) => {
    clock.nowMs += ms;
    limit.succeeded(running);
    return limit.current;
  };
  expect(after(0, 4)).toBe(4);
  expect(after(999, 1)).toBe(4);
  expect(after(1, 1)).toBe(5);
  expect(after(1_000, 4)).toBe(5);
  expect(after(1_000, 5)).toBe(6);
  expect(after(999, 6)).toBe(6);
  expect(after(1, 1)).toBe(7);
});

test('does not grow after a first window in which it was not reached', () => {
  const { clock, limit } = limitOf({ initial: 4 });
  clock.nowMs += 1_000;
  limit.succeeded(3);
  expect(limit.current).toBe(4);
});

test('an overload begins a window anew, and forgets that the limit was reached in it', () => {
  const { clock, limit } = limitOf({ initial: 8 });
  limit.succeeded(8);
  clock.nowMs += 900;
  limit.failed(OVERLOAD);
  clock.nowMs += 999;
  limit.succeeded(3);
  expect(limit.current).toBe(4);
  clock.nowMs += 1;
  limit.succeeded(3);
  expect(limit.current).toBe(4);
  clock.nowMs += 1_000;
  limit.succeeded(4);
  expect(limit.current).toBe(5);
});

test('an overload counts at once in a window that a growth has begun', () => {
  const { clock, limit } = limitOf({ initial: 8 });
  clock.nowMs += 1_000;
  limit.succeeded(8);
  expect(limit.current).toBe(9);
  limit.failed(OVERLOAD);
  expect(limit.current).toBe(4);
});

test('does not grow above its upper bound', () => {
  const { clock, limit } = limitOf();
  clock.nowMs += 1_000;
  limit.succeeded(16);
  expect(limit.current).toBe(16);
});

test('uses the system’s clock unless told', () => {
  const limit = new AdaptiveConcurrency({ max: 8, isOverload: () => true });
  limit.failed(OVERLOAD);
  limit.failed(OVERLOAD);
  expect(limit.current).toBe(4);
});

test('has the defaults that its documentation states', () => {
  expect(ADAPTIVE_DEFAULTS).toEqual({ min: 1, windowMs: 1_000, decrease: 0.5 });
  const source = readFileSync('lambda/runtime/bulkhead/adaptive-concurrency.ts', 'utf8');
  expect(source).toContain('an integer >= 1. @default 1 */');
  expect(source).toContain('@default 1000 */');
});

test.each([
  [{ min: 0 }, '`min` must be an integer >= 1, got: 0'],
  [{ min: 1.5 }, '`min` must be an integer >= 1, got: 1.5'],
  [{ max: 1.5 }, '`max` must be an integer >= `min`, got: 1.5'],
  [{ min: 3, max: 2 }, '`max` must be an integer >= `min`, got: 2'],
  [{ initial: 17 }, '`initial` must be an integer within the bounds, got: 17'],
  [{ min: 2, initial: 1 }, '`initial` must be an integer within the bounds, got: 1'],
  [{ initial: 2.5 }, '`initial` must be an integer within the bounds, got: 2.5'],
  [{ windowMs: 0 }, '`windowMs` must be > 0, got: 0'],
])('%j is refused', (options, message) => {
  expect(() => limitOf(options)).toThrow(new RangeError(message));
});

test.each([
  { min: 1, max: 1, initial: 1 },
  { min: 2, max: 4, initial: 2 },
  { min: 2, max: 4, initial: 4 },
])('%j is at the bounds', (options) => {
  expect(limitOf(options).limit.current).toBe(options.initial);
});

test('stays within its bounds, and grows and falls no faster than it says', () => {
  const event = fc.record({
    afterMs: fc.nat(1_500),
    running: fc.nat(20),
    kind: fc.constantFrom('success', 'overload', 'other'),
  });
  fc.assert(
    fc.property(fc.array(event), (events) => {
      const { clock, limit } = limitOf({ min: 2, initial: 8 });
      let fellAt = Number.NEGATIVE_INFINITY;
      for (const { afterMs, running, kind } of events) {
        clock.nowMs += afterMs;
        const before = limit.current;
        if (kind === 'success') limit.succeeded(running);
        else limit.failed(kind === 'overload' ? OVERLOAD : new Error('other'));
        expect(limit.current).toBeGreaterThanOrEqual(2);
        expect(limit.current).toBeLessThanOrEqual(16);
        expect(limit.current - before).toBeLessThanOrEqual(kind === 'success' ? 1 : 0);
        if (limit.current >= before) continue;
        expect([kind, limit.current]).toEqual(['overload', Math.max(2, Math.floor(before / 2))]);
        expect(clock.nowMs - fellAt).toBeGreaterThanOrEqual(0);
        fellAt = clock.nowMs;
      }
    }),
  );
});
