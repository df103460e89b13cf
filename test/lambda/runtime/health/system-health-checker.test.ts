import { jest } from '@jest/globals';
import type { Sleep } from '../../../../lambda/runtime/clock/clock';
import type { HealthFinding, IHealthCheck } from '../../../../lambda/runtime/health/health-check';
import {
  DEFAULT_CHECK_TIMEOUT_MS,
  DEFAULT_REPORT_TTL_MS,
  SystemHealthChecker,
} from '../../../../lambda/runtime/health/system-health-checker';

const START = Date.parse('2026-11-22T00:00:00Z');
let nowMs: number;
beforeEach(() => {
  nowMs = START;
});
const now = () => nowMs;

/** A sleep that only an abort ends. */
const endlessly: Sleep = (_, signal) =>
  new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

const check = (name: string, run: IHealthCheck['run'], more: Partial<IHealthCheck> = {}): IHealthCheck => ({
  name,
  isCritical: false,
  run,
  ...more,
});
const answering = (status: HealthFinding['status']) => async () => ({ status });
const checker = (checks: IHealthCheck[], sleep: Sleep = endlessly, ttlMs?: number) =>
  new SystemHealthChecker({ checks, now, sleep, ttlMs });

test('the documented defaults are the real ones', () => {
  expect([DEFAULT_CHECK_TIMEOUT_MS, DEFAULT_REPORT_TTL_MS]).toEqual([2_000, 1_000]);
});

test.each([
  ['ok', [['ok', true] as const, ['ok', false] as const]],
  ['degraded', [['ok', true] as const, ['degraded', false] as const]],
  ['degraded', [['degraded', true] as const, ['ok', false] as const]],
  ['degraded', [['ok', true] as const, ['down', false] as const]],
  ['down', [['down', true] as const, ['ok', false] as const]],
  ['down', [['degraded', false] as const, ['down', true] as const]],
  ['ok', []],
])('the whole is %s where its parts are %j', async (expected, parts) => {
  const checks = parts.map(([status, isCritical], index) => check(`c${index}`, answering(status), { isCritical }));
  const { status } = await checker(checks).check();
  expect(status).toBe(expected);
});

test('a report names each check in order, with its time and its details', async () => {
  const slow = check('slow', async () => {
    nowMs += 30;
    return { status: 'ok', detail: { freeMiB: 4 } };
  });
  expect(await checker([slow, check('quick', answering('degraded'), { isCritical: true })]).check()).toEqual({
    status: 'degraded',
    checkedAt: '2026-11-22T00:00:00.030Z',
    checks: [
      { name: 'slow', status: 'ok', critical: false, durationMs: 30, detail: { freeMiB: 4 } },
      { name: 'quick', status: 'degraded', critical: true, durationMs: expect.any(Number) },
    ],
  });
});

test.each<[string, unknown, string]>([
  ['its name and not its text', Object.assign(new Error('arn:aws:secret'), { name: 'AccessDenied' }), 'AccessDenied'],
  ['nothing of a name that is a text', Object.assign(new Error('x'), { name: 'no table jobs' }), 'Error'],
  ['nothing of what is no error', 'sk-secret', 'Error'],
])('a check that fails is down, and says %s', async (_, thrown, error) => {
  const failing = check('failing', () => Promise.reject(thrown));
  const { checks } = await checker([failing]).check();
  expect(checks[0]).toMatchObject({ status: 'down', detail: { error } });
});

test('a check that throws before it waits is down, and the others are asked all the same', async () => {
  const throwing = check('throwing', () => {
    throw new TypeError('at once');
  });
  const { checks } = await checker([throwing, check('other', answering('ok'))]).check();
  expect(checks).toMatchObject([{ status: 'down', detail: { error: 'TypeError' } }, { status: 'ok' }]);
});

test('a check that does not answer is aborted at its own deadline', async () => {
  const slept: number[] = [];
  const atOnce: Sleep = async (ms) => {
    slept.push(ms);
  };
  const signals: AbortSignal[] = [];
  const stalled = (signal: AbortSignal) => {
    signals.push(signal);
    return new Promise<HealthFinding>(() => undefined);
  };
  const { status, checks } = await checker(
    [check('stalled', stalled, { isCritical: true, timeoutMs: 300 }), check('stalled too', stalled)],
    atOnce,
  ).check();
  expect(status).toBe('down');
  expect(checks.map(({ detail }) => detail)).toEqual([{ error: 'Timeout' }, { error: 'Timeout' }]);
  expect(slept).toEqual([300, 2_000]);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
});

test('leaves no timer behind when the check answers first', async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const sleep: Sleep = (ms, signal) => {
    signals.push(signal);
    return endlessly(ms, signal);
  };
  await checker([check('quick', answering('ok'))], sleep).check();
  expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
});

test('many askers at once cost one look, and for a second after it none', async () => {
  const run = jest.fn(answering('ok'));
  const system = checker([check('counted', run)]);
  const [first, second] = await Promise.all([system.check(), system.check()]);
  expect(second).toBe(first);
  nowMs += 999;
  expect(await system.check()).toBe(first);
  expect(run).toHaveBeenCalledTimes(1);
  nowMs += 1;
  expect(await system.check()).not.toBe(first);
  expect(run).toHaveBeenCalledTimes(2);
});

test('a time to live of 0 looks each time', async () => {
  const run = jest.fn(answering('ok'));
  const system = checker([check('counted', run)], endlessly, 0);
  await system.check();
  await system.check();
  expect(run).toHaveBeenCalledTimes(2);
});
