import {
  endOfDayMs,
  endOfMonthMs,
  firstOfMonth,
  secondsOfMonth,
  startOfDayMs,
  utcDayOf,
} from '../../../../lambda/runtime/rate-limit/utc-windows';

test.each([
  ['2026-11-30T23:59:59.999Z', '2026-11-30'],
  ['2026-12-01T00:00:00.000Z', '2026-12-01'],
  ['2026-12-01T00:30:00.000+01:00', '2026-11-30'],
])('%s is in the day %s', (moment, day) => {
  expect(utcDayOf(Date.parse(moment))).toBe(day);
});

test.each([
  ['2026-11-30', '2026-11-01', '2026-12-01', 30],
  ['2026-12-31', '2026-12-01', '2027-01-01', 31],
  ['2027-02-01', '2027-02-01', '2027-03-01', 28],
  ['2028-02-29', '2028-02-01', '2028-03-01', 29],
])('the month of %s begins on %s and ends before %s', (day, first, next, days) => {
  expect(firstOfMonth(day)).toBe(first);
  expect(endOfMonthMs(day)).toBe(Date.parse(`${next}T00:00:00Z`));
  expect(secondsOfMonth(day)).toBe(days * 86_400);
});

test('a day lasts from midnight to midnight', () => {
  expect(startOfDayMs('2026-11-27')).toBe(Date.parse('2026-11-27T00:00:00Z'));
  expect(endOfDayMs('2026-11-27')).toBe(Date.parse('2026-11-28T00:00:00Z'));
});
