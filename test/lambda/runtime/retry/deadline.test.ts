import { deadlineWithin } from '../../../../lambda/runtime/retry/deadline';

test.each([
  [30_000, undefined, 129_000],
  [30_000, 2_000, 128_000],
  [500, undefined, 100_000],
  [1_000, undefined, 100_000],
  [1_001, undefined, 100_001],
])('with %i ms left and %p ms kept, calls end by %i', (remainingMs, reserveMs, deadline) => {
  expect(deadlineWithin(remainingMs, () => 100_000, reserveMs)).toBe(deadline);
});
