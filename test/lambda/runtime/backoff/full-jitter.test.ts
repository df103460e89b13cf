import fc from 'fast-check';
import { fullJitter } from '../../../../lambda/runtime/backoff/full-jitter';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('every delay is a whole number in [0, min(cap, base x 2^(attempt - 1))]', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.integer({ min: 1, max: 10_000 }),
      fc.nat(10_000_000),
      random,
      (attempt, baseMs, more, r) => {
        const capMs = baseMs + more;
        const delay = fullJitter(attempt, { baseMs, capMs }, () => r);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.min(capMs, baseMs * 2 ** (attempt - 1)));
      },
    ),
  );
});

test.each([
  [1, 0, 0],
  [1, 0.999, 100],
  [3, 0.5, 200],
  [4, 0.999, 500],
  [2_000, 0.999, 500],
])('attempt %i at %d: %i ms', (attempt, r, expected) => {
  expect(fullJitter(attempt, { baseMs: 100, capMs: 500 }, () => r)).toBe(expected);
});

test.each([
  [0, 1, 1, '`attempt` must be >= 1, got: 0'],
  [1.5, 1, 1, '`attempt` must be >= 1, got: 1.5'],
  [1, 0, 1, '`baseMs` must be > 0, got: 0'],
  [1, 2, 1, '`capMs` must be >= `baseMs`, got: 1'],
  [1, 2, Number.NaN, '`capMs` must be >= `baseMs`, got: NaN'],
])('attempt %d, base %d, cap %d is refused', (attempt, baseMs, capMs, message) => {
  expect(() => fullJitter(attempt, { baseMs, capMs }, () => 0)).toThrow(message);
});
