const SECONDS = /^\d{1,10}$/;
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Milliseconds to wait that a `Retry-After` header asks for, in either of its forms (RFC 9110, section 10.2.3:
 * whole seconds, or an HTTP date), clamped to [0, `maxMs`]; undefined where the header is absent or malformed.
 */
export const parseRetryAfter = (value: string | undefined, nowMs: number, maxMs: number): number | undefined => {
  if (value === undefined) return undefined;
  const text = value.trim();
  const wanted = SECONDS.test(text)
    ? Number(text) * 1000
    : HTTP_DATE.test(text)
      ? Date.parse(text) - nowMs
      : Number.NaN;
  return Number.isNaN(wanted) ? undefined : Math.min(Math.max(wanted, 0), maxMs);
};
