import { limitsOf } from '../../../../lambda/runtime/rate-limit/limits';

const TERMS = { requestsPerSecond: 10, burst: 20 };

test.each([
  [1, 1_000_000],
  [3, 333_334],
  [7, 142_858],
  [10, 100_000],
  [0.1, 10_000_000],
  [1_000_000, 1],
])('%s a second are one in %s microseconds', (requestsPerSecond, intervalUs) => {
  expect(limitsOf({ ...TERMS, requestsPerSecond })).toEqual({ burst: 20, intervalUs });
});

test('takes quotas over, and those that are missing are none', () => {
  expect(limitsOf({ ...TERMS, requestsPerDay: 0, requestsPerMonth: 999_999_999_999_999 })).toEqual({
    burst: 20,
    intervalUs: 100_000,
    perDay: 0,
    perMonth: 999_999_999_999_999,
  });
  expect(limitsOf({ requestsPerSecond: 1_000_000, burst: 1_000_000 })).toMatchObject({ burst: 1_000_000 });
  expect(limitsOf({ requestsPerSecond: 1 / (31 * 86_400), burst: 1 })).toMatchObject({ burst: 1 });
});

test.each([
  [{ requestsPerSecond: 0 }, '`requestsPerSecond` must be > 0 and <= 1000000, got: 0'],
  [{ requestsPerSecond: -1 }, '`requestsPerSecond` must be > 0 and <= 1000000, got: -1'],
  [{ requestsPerSecond: 1_000_001 }, '`requestsPerSecond` must be > 0 and <= 1000000, got: 1000001'],
  [{ requestsPerSecond: Number.NaN }, '`requestsPerSecond` must be > 0 and <= 1000000, got: NaN'],
  [{ requestsPerSecond: '10' as never }, '`requestsPerSecond` must be > 0 and <= 1000000, got: 10'],
  [{ requestsPerSecond: undefined as never }, '`requestsPerSecond` must be > 0 and <= 1000000, got: undefined'],
  [{ burst: 0 }, '`burst` must be an integer from 1 to 1000000, got: 0'],
  [{ burst: 1_000_001 }, '`burst` must be an integer from 1 to 1000000, got: 1000001'],
  [{ burst: 1.5 }, '`burst` must be an integer from 1 to 1000000, got: 1.5'],
  [{ burst: '20' as never }, '`burst` must be an integer from 1 to 1000000, got: 20'],
  [{ requestsPerSecond: 1 / 86_400, burst: 32 }, '`burst` must be at most what comes back in 31 days, got: 32'],
  [{ requestsPerDay: -1 }, '`requestsPerDay` must be an integer from 0 to 999999999999999, got: -1'],
  [{ requestsPerDay: 0.5 }, '`requestsPerDay` must be an integer from 0 to 999999999999999, got: 0.5'],
  [
    { requestsPerMonth: 1e15 },
    '`requestsPerMonth` must be an integer from 0 to 999999999999999, got: 1000000000000000',
  ],
  [{ requestsPerMonth: null as never }, '`requestsPerMonth` must be an integer from 0 to 999999999999999, got: null'],
])('refuses %j', (wrong, message) => {
  expect(() => limitsOf({ ...TERMS, ...wrong })).toThrow(new RangeError(message));
});
