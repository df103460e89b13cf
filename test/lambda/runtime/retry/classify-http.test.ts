import { classifyHttpFailure, type HttpFailure } from '../../../../lambda/runtime/retry/classify-http';

const NOW = Date.parse('2026-11-22T12:00:00Z');

const retry = (paid: boolean) => ({ action: 'retry', paid });
const wait = (retryAfterMs: number, paid: boolean) => ({ action: 'wait', retryAfterMs, paid });
const never = (paid: boolean) => ({ action: 'never', paid });

test.each<[string, HttpFailure, object]>([
  ['a rate limit', { status: 429 }, retry(false)],
  ['a rate limit that says when', { status: 429, retryAfter: '7' }, wait(7_000, false)],
  ['one that gives a date', { status: 429, retryAfter: 'Sun, 22 Nov 2026 12:00:05 GMT' }, wait(5_000, false)],
  ['one that asks for too much', { status: 429, retryAfter: '3600' }, wait(60_000, false)],
  ['one that cannot be read', { status: 429, retryAfter: 'soon' }, retry(false)],
  ['a rate limit by name', { status: 429, errorType: 'rate_limit_error' }, retry(false)],
  ['exhausted credit as 429', { status: 429, errorType: 'insufficient_quota', retryAfter: '7' }, never(false)],
  ['a billing limit as 429', { status: 429, errorType: 'billing_hard_limit_reached' }, never(false)],
  ['exhausted credit as 400', { status: 400, errorType: 'billing_error' }, never(false)],
  ['exhausted credit as 403', { status: 403, errorType: 'billing_error' }, never(false)],
  ['exhausted credit as 402', { status: 402 }, never(false)],
  ['a billing error as 429', { status: 429, errorType: 'billing_error' }, never(false)],
  ['an overload', { status: 529, errorType: 'overloaded_error' }, retry(false)],
  ['an overload that says when', { status: 529, retryAfter: '0' }, wait(0, false)],
  ['a server that is down', { status: 503, retryAfter: '2' }, wait(2_000, false)],
  ...[408, 409, 425, 500, 502, 504].map((status): [string, HttpFailure, object] => [
    `a ${status}`,
    { status },
    retry(true),
  ]),
  ['a 500 that says when', { status: 500, retryAfter: '2' }, wait(2_000, true)],
  ...[400, 401, 403, 404, 413, 422, 501].map((status): [string, HttpFailure, object] => [
    `a ${status}`,
    { status },
    never(false),
  ]),
  ['a success that was no result', { status: 200 }, never(true)],
  ['a redirect', { status: 301 }, never(true)],
  ['a reset before the first byte', { code: 'ECONNRESET' }, retry(true)],
  ['a reset after it', { code: 'ECONNRESET', firstByteArrived: true }, retry(true)],
  ['a timeout', {}, retry(true)],
  ...['EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT'].map(
    (code): [string, HttpFailure, object] => [`${code}: never sent`, { code }, retry(false)],
  ),
  ['a code that cannot be true', { code: 'ECONNREFUSED', firstByteArrived: true }, retry(true)],
])('%s', (_what, failure, expected) => {
  expect(classifyHttpFailure(failure, NOW)).toEqual(expected);
});

test('the bound of the wait is the caller’s, if he gives one', () => {
  expect(classifyHttpFailure({ status: 429, retryAfter: '7' }, NOW, 3_000)).toEqual(wait(3_000, false));
});
