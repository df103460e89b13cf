import { sleep, systemClock, systemTimers } from '../../../../lambda/runtime/clock/clock';

test('the clock is the system’s', () => {
  expect(Math.abs(systemClock() - Date.now())).toBeLessThan(1_000);
});

test('a sleep lasts as long as it says', async () => {
  const before = performance.now();
  await expect(sleep(20)).resolves.toBeUndefined();
  expect(performance.now() - before).toBeGreaterThanOrEqual(18);
});

test('an abort ends a sleep with the signal’s own reason', async () => {
  const stopped = new Error('stop');
  const controller = new AbortController();
  const asleep = sleep(60_000, controller.signal);
  controller.abort(stopped);
  await expect(asleep).rejects.toBe(stopped);
  await expect(sleep(60_000, AbortSignal.abort(stopped))).rejects.toBe(stopped);
});

test('a timer calls once, and one that is stopped does not', async () => {
  const called: string[] = [];
  systemTimers.start(5, () => called.push('kept'));
  systemTimers.stop(systemTimers.start(5, () => called.push('stopped')));
  await sleep(30);
  expect(called).toEqual(['kept']);
});
