const DAY_MS = 86_400_000;

/** The UTC day of a moment, `YYYY-MM-DD`: later days are greater as text, too. */
export const utcDayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export const startOfDayMs = (day: string): number => Date.parse(`${day}T00:00:00Z`);

export const endOfDayMs = (day: string): number => startOfDayMs(day) + DAY_MS;

/** First day of the month of a day. */
export const firstOfMonth = (day: string): string => `${day.slice(0, 7)}-01`;

export const endOfMonthMs = (day: string): number => {
  const [year, month] = day.split('-').map(Number) as [number, number];
  // Date.UTC counts months from 0: this is the one after.
  return Date.UTC(year, month, 1);
};

/** Seconds that the month of a day has. */
export const secondsOfMonth = (day: string): number => (endOfMonthMs(day) - startOfDayMs(firstOfMonth(day))) / 1_000;
