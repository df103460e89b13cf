import { readFileSync } from 'node:fs';
import {
  BREAKER_DEFAULTS,
  DEFAULT_MAX_OPEN_FOR_MS,
  resolveOptions,
} from '../../../../lambda/runtime/breaker/breaker-options';
import { CircuitBreaker } from '../../../../lambda/runtime/breaker/circuit-breaker';

test('has the defaults that its documentation states', () => {
  const source = readFileSync('lambda/runtime/breaker/breaker-options.ts', 'utf8');
  const stated = source.matchAll(/@default ('?)([\w.]+)\1 \*\/\s+readonly (\w+)\?:/g);
  const documented = Object.fromEntries(
    [...stated].map(([, quote, value, key]) => [key, quote ? value : Number(value)]),
  );
  expect(documented).toEqual(BREAKER_DEFAULTS);
  expect(resolveOptions({})).toMatchObject({
    ...BREAKER_DEFAULTS,
    maxOpenForMs: 60_000,
    slowCallMs: Number.POSITIVE_INFINITY,
    observer: {},
    store: undefined,
  });
  expect(resolveOptions({}).isFailure(new Error('any'))).toBe(true);
  expect(DEFAULT_MAX_OPEN_FOR_MS).toBe(60_000);
});

test.each([
  [60_000, 60_000],
  [60_001, 60_001],
])('an open window of %i ms may grow to %i ms unless told otherwise', (openForMs, maxOpenForMs) => {
  expect(resolveOptions({ openForMs }).maxOpenForMs).toBe(maxOpenForMs);
});

test('an option that is undefined is one that was not given', () => {
  expect(resolveOptions({ failures: undefined, failureRate: 0.2 })).toMatchObject({ failures: 5, failureRate: 0.2 });
});

test.each([
  [{ failures: 0 }, '`failures` must be an integer >= 1, got: 0'],
  [{ failures: 1.5 }, '`failures` must be an integer >= 1, got: 1.5'],
  [{ successesToClose: 0 }, '`successesToClose` must be an integer >= 1, got: 0'],
  [{ windowMs: 0 }, '`windowMs` must be > 0 and finite, got: 0'],
  [{ windowMs: Number.POSITIVE_INFINITY }, '`windowMs` must be > 0 and finite, got: Infinity'],
  [{ openForMs: -1 }, '`openForMs` must be > 0 and finite, got: -1'],
  [{ probeLeaseMs: 0 }, '`probeLeaseMs` must be > 0 and finite, got: 0'],
  [{ cacheMs: Number.NaN }, '`cacheMs` must be > 0 and finite, got: NaN'],
  [{ storeTimeoutMs: 0 }, '`storeTimeoutMs` must be > 0 and finite, got: 0'],
  [{ failureRate: 0 }, '`failureRate` must be > 0 and <= 1, got: 0'],
  [{ failureRate: 1.1 }, '`failureRate` must be > 0 and <= 1, got: 1.1'],
  [{ slowCallMs: 0 }, '`slowCallMs` must be > 0, got: 0'],
  [{ maxSkewMs: -1 }, '`maxSkewMs` must be >= 0, got: -1'],
  [{ openForMs: 10, maxOpenForMs: 9 }, '`maxOpenForMs` must be finite and >= `openForMs`, got: 9'],
  [{ maxOpenForMs: Number.POSITIVE_INFINITY }, '`maxOpenForMs` must be finite and >= `openForMs`, got: Infinity'],
  [
    { failures: 0, failureRate: 2 },
    '`failures` must be an integer >= 1, got: 0; `failureRate` must be > 0 and <= 1, got: 2',
  ],
])('%j is refused', (options, message) => {
  expect(() => new CircuitBreaker(options)).toThrow(new RangeError(message));
});

test.each([
  { failures: 1, successesToClose: 1, failureRate: 1, maxSkewMs: 0 },
  {
    openForMs: 9,
    maxOpenForMs: 9,
    slowCallMs: 0.1,
    windowMs: 0.1,
    cacheMs: 0.1,
    storeTimeoutMs: 0.1,
    probeLeaseMs: 0.1,
  },
])('%j is at the bounds and accepted', (options) => {
  expect(resolveOptions(options)).toMatchObject(options);
});
