import fc from 'fast-check';
import { parseRetryAfter } from '../../../../lambda/runtime/retry/retry-after';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const MAX = 60_000;

test.each([
  ['0', 0],
  ['7', 7_000],
  [' 7 ', 7_000],
  ['61', MAX],
  ['9999999999', MAX],
  ['Sun, 22 Nov 2026 12:00:05 GMT', 5_000],
  ['Sun, 22 Nov 2026 13:00:00 GMT', MAX],
  ['Sat, 21 Nov 2026 12:00:00 GMT', 0],
  [undefined, undefined],
  ['', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['0x10', undefined],
  ['1e3', undefined],
  ['tomorrow', undefined],
  ['on Sun, 22 Nov 2026 12:00:05 GMT', undefined],
  ['Sun, 22 Nov 2026 12:00:05 GMT (about)', undefined],
  ['2026-11-22', undefined],
  ['Sun, 99 Foo 2026 99:00:00 GMT', undefined],
])('%s', (value, expected) => {
  expect(parseRetryAfter(value, NOW, MAX)).toBe(expected);
});

test('any text gives nothing, or a number in its bounds', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const ms = parseRetryAfter(text, NOW, MAX);
      expect(ms === undefined || (ms >= 0 && ms <= MAX)).toBe(true);
    }),
  );
});
