import fc from 'fast-check';
import { RollingWindow } from '../../../../lambda/runtime/breaker/rolling-window';

const of = ({ calls, failures }: RollingWindow) => [calls, failures];

test('counts calls and failures', () => {
  const window = new RollingWindow(1_000);
  expect(of(window)).toEqual([0, 0]);
  window.recordSuccess(5_000);
  window.recordFailure(5_000);
  window.recordFailure(5_099);
  expect(of(window)).toEqual([3, 2]);
});

test('forgets bucket by bucket', () => {
  const window = new RollingWindow(1_000);
  window.recordFailure(5_000);
  window.recordFailure(5_100);
  window.recordSuccess(5_999);
  expect(of(window)).toEqual([3, 2]);
  window.recordSuccess(6_000);
  expect(of(window)).toEqual([3, 1]);
  window.recordSuccess(6_100);
  expect(of(window)).toEqual([3, 0]);
});

test('forgets all after a pause, however long', () => {
  const window = new RollingWindow(1_000);
  window.recordFailure(5_000);
  window.recordFailure(1e15);
  expect(of(window)).toEqual([1, 1]);
});

test('is empty once cleared, and counts on', () => {
  const window = new RollingWindow(1_000);
  window.recordFailure(5_000);
  window.clear();
  expect(of(window)).toEqual([0, 0]);
  window.recordSuccess(5_050);
  window.recordSuccess(6_050);
  expect(of(window)).toEqual([1, 0]);
});

test('counts what a clock that went back brings into the current bucket', () => {
  const window = new RollingWindow(1_000);
  window.recordSuccess(5_000);
  window.recordFailure(1_000);
  expect(of(window)).toEqual([2, 1]);
  window.recordSuccess(5_050);
  expect(of(window)).toEqual([3, 1]);
});

test('counts what a list of all events counts', () => {
  const event = fc.record({ afterMs: fc.nat(700), failed: fc.boolean() });
  fc.assert(
    fc.property(fc.array(event), fc.constantFrom(10, 1_000, 1_234, 7), fc.nat(1e9), (events, windowMs, startMs) => {
      const window = new RollingWindow(windowMs);
      const bucketOf = (atMs: number) => Math.floor(atMs / (windowMs / 10));
      const seen: { bucket: number; failed: boolean }[] = [];
      let nowMs = startMs;
      for (const { afterMs, failed } of events) {
        nowMs += afterMs;
        seen.push({ bucket: bucketOf(nowMs), failed });
        if (failed) window.recordFailure(nowMs);
        else window.recordSuccess(nowMs);
        const live = seen.filter(({ bucket }) => bucket > bucketOf(nowMs) - 10);
        expect(of(window)).toEqual([live.length, live.filter((one) => one.failed).length]);
      }
    }),
  );
});
