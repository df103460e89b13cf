import { Attempt } from '../../../../lambda/runtime/resilience/attempt';

const late = new Error('late');

test('knows which call it is', () => {
  expect(new Attempt(2, undefined).number).toBe(2);
});

test('gives one signal, which its own abort ends', () => {
  const attempt = new Attempt(1, undefined);
  const { signal } = attempt;
  expect(signal.aborted).toBe(false);
  attempt.abort(late);
  expect([signal.aborted, signal.reason]).toEqual([true, late]);
  expect(attempt.signal).toBe(signal);
});

test('gives an ended signal where the abort came first', () => {
  const attempt = new Attempt(1, undefined);
  attempt.abort(late);
  expect([attempt.signal.aborted, attempt.signal.reason]).toEqual([true, late]);
});

test('ends with the caller’s signal too', () => {
  const controller = new AbortController();
  const { signal } = new Attempt(1, controller.signal);
  controller.abort(late);
  expect([signal.aborted, signal.reason]).toEqual([true, late]);
});

test('ends by itself while the caller’s goes on', () => {
  const controller = new AbortController();
  const attempt = new Attempt(1, controller.signal);
  const { signal } = attempt;
  attempt.abort(late);
  expect([signal.aborted, controller.signal.aborted]).toEqual([true, false]);
});
