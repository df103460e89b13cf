import fc from 'fast-check';
import { formatUsd, parseUsd } from '../../../lib/contract/usd';

test.each([
  [0, '$0.00'],
  [1, '$0.000001'],
  [125, '$0.000125'],
  [500_000, '$0.50'],
  [1_000_000, '$1.00'],
  [1_234_567, '$1.234567'],
  [1_234_500, '$1.2345'],
  [50_000_000, '$50.00'],
  [-250_000, '-$0.25'],
  [9_000_000_000_000_000, '$9000000000.00'],
])('%i micro-USD are written %s', (microUsd, text) => {
  expect(formatUsd(microUsd)).toBe(text);
});

test.each([
  ['50', 50_000_000],
  ['0.25', 250_000],
  ['0.000001', 1],
  ['0', 0],
  ['007.5', 7_500_000],
  ['999999999.999999', 999_999_999_999_999],
])('%s dollars are %i micro-USD', (text, microUsd) => {
  expect(parseUsd(text)).toBe(microUsd);
});

test.each(['', '-1', '1e3', '.5', '1.', '1.0000001', '1,000', '$5', ' 5', '1000000000', 'NaN', '0x10'])(
  '%j is no amount',
  (text) => {
    expect(parseUsd(text)).toBeUndefined();
  },
);

test('what is written is read as the same amount', () => {
  fc.assert(
    fc.property(fc.nat(), (microUsd) => {
      expect(parseUsd(formatUsd(microUsd).slice(1))).toBe(microUsd);
    }),
  );
});
