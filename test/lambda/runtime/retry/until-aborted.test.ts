import { untilAborted } from '../../../../lambda/runtime/retry/until-aborted';
import { settled } from '../breaker/world';

const stopped = new Error('stop');
const never = () => new Promise<never>(() => undefined);

/** A signal with the number of those who listen to it. */
const observed = () => {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    if (args[0] === 'abort') listeners.add(args[1]);
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    if (args[0] === 'abort') listeners.delete(args[1]);
    remove(...args);
  };
  return { controller, signal, listeners };
};

test('without a signal it is the work itself', async () => {
  const work = Promise.resolve('value');
  expect(untilAborted(work, undefined)).toBe(work);
});

test('settles as the work does, and listens no longer', async () => {
  const { signal, listeners } = observed();
  let resolve: (value: string) => void = () => undefined;
  const first = untilAborted(new Promise<string>((settle) => (resolve = settle)), signal);
  expect(listeners.size).toBe(1);
  resolve('value');
  await expect(first).resolves.toBe('value');
  await expect(untilAborted(Promise.reject(new Error('failure')), signal)).rejects.toThrow('failure');
  expect(listeners.size).toBe(0);
});

test('rejects with the reason when the signal is aborted', async () => {
  const { controller, signal } = observed();
  const waiting = untilAborted(never(), signal);
  controller.abort(stopped);
  await expect(waiting).rejects.toBe(stopped);
});

test('rejects at once where the signal was aborted before', async () => {
  await expect(untilAborted(never(), AbortSignal.abort(stopped))).rejects.toBe(stopped);
});

test('work that fails later than the abort is nobody’s unhandled rejection', async () => {
  const unhandled: unknown[] = [];
  const listen = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', listen);
  let reject: (error: Error) => void = () => undefined;
  const work = new Promise<never>((_, fail) => (reject = fail));
  await expect(untilAborted(work, AbortSignal.abort(stopped))).rejects.toBe(stopped);
  reject(new Error('late'));
  await settled();
  process.off('unhandledRejection', listen);
  expect(unhandled).toEqual([]);
});
