import { Lazy } from 'aws-cdk-lib';
import fc from 'fast-check';
import { Usd } from '../../../lib';
import { ConstructConfigError } from '../../../lib/config-error';

test.each([
  [50, 50_000_000],
  [0.25, 250_000],
  [50.1, 50_100_000],
  [0.000001, 1],
  [0, 0],
  [10_000_000, 10_000_000_000_000],
])('%d dollars are %i micro-USD', (dollars, micro) => {
  expect(Usd.dollars(dollars).toMicroUsd()).toBe(micro);
  expect(Usd.microUsd(micro).toDollars()).toBe(dollars);
});

test('every whole number of micro-USD is the same in dollars', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000_000_000 }), (micro) => {
      expect(Usd.dollars(Usd.microUsd(micro).toDollars()).toMicroUsd()).toBe(micro);
    }),
  );
});

test('is written as people write it', () => {
  expect(`${Usd.dollars(0.5)}`).toBe('0.5 USD');
});

test.each([-1, 0.0000001, 10_000_000.000001, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d dollars', (amount) => {
  expect(() => Usd.dollars(amount)).toThrow(
    new ConstructConfigError('Usd.dollars', [
      `\`amount\` must be between 0 and 10000000 with at most 6 decimals, got: ${amount}`,
    ]),
  );
});

test.each([-1, 0.5, 10_000_000_000_001, Number.NaN])('refuses %d micro-USD', (amount) => {
  expect(() => Usd.microUsd(amount)).toThrow(
    new ConstructConfigError('Usd.microUsd', [
      `\`amount\` must be an integer between 0 and 10000000000000, got: ${amount}`,
    ]),
  );
});

test('refuses an amount that is not known at synthesis', () => {
  const later = Lazy.number({ produce: () => 5 });

  expect(() => Usd.dollars(later)).toThrow(/^Usd\.dollars: `amount` must be .*, got: a token$/);
});
