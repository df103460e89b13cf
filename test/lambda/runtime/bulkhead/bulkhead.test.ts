import fc from 'fast-check';
import { Bulkhead } from '../../../../lambda/runtime/bulkhead/bulkhead';
import { BulkheadFullError } from '../../../../lambda/runtime/bulkhead/errors';
import { settled } from '../breaker/world';

/** Calls that run until the test ends them. */
class Calls {
  readonly begun: number[] = [];
  readonly #ends = new Map<number, { resolve: (value: number) => void; reject: (error: Error) => void }>();

  of(number: number) {
    return () => {
      this.begun.push(number);
      return new Promise<number>((resolve, reject) => this.#ends.set(number, { resolve, reject }));
    };
  }

  async end(number: number): Promise<void> {
    this.#ends.get(number)?.resolve(number);
    await settled();
  }

  async fail(number: number): Promise<void> {
    this.#ends.get(number)?.reject(new Error(`failure ${number}`));
    await settled();
  }
}

/** Who listens to the signal from now on. */
const listenersOf = (signal: AbortSignal): Set<unknown> => {
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
  return listeners;
};

test('hands values and errors through', async () => {
  const bulkhead = new Bulkhead({ maxConcurrent: 1 });
  await expect(bulkhead.execute(async () => 'value')).resolves.toBe('value');
  await expect(
    bulkhead.execute(async () => {
      throw new Error('failure');
    }),
  ).rejects.toThrow('failure');
  expect([bulkhead.running, bulkhead.queued]).toEqual([0, 0]);
});

test('runs so many at a time, lets the rest wait in order, and refuses beyond that', async () => {
  const bulkhead = new Bulkhead({ maxConcurrent: 2, maxQueued: 2 });
  const calls = new Calls();
  const results = [1, 2, 3, 4].map((number) => bulkhead.execute(calls.of(number)));
  await expect(bulkhead.execute(calls.of(5))).rejects.toMatchObject({
    name: 'BulkheadFullError',
    message: 'All 2 places are taken, and 2 calls wait already.',
    maxConcurrent: 2,
    maxQueued: 2,
  });
  expect([calls.begun, bulkhead.running, bulkhead.queued]).toEqual([[1, 2], 2, 2]);
  await calls.end(2);
  expect([calls.begun, bulkhead.running, bulkhead.queued]).toEqual([[1, 2, 3], 2, 1]);
  const failed = expect(results[0]).rejects.toThrow('failure 1');
  await calls.fail(1);
  await failed;
  expect(calls.begun).toEqual([1, 2, 3, 4]);
  await calls.end(3);
  await calls.end(4);
  await expect(Promise.all(results.slice(1))).resolves.toEqual([2, 3, 4]);
  expect([bulkhead.running, bulkhead.queued]).toEqual([0, 0]);
});

test('has no queue unless told', async () => {
  const bulkhead = new Bulkhead({ maxConcurrent: 1 });
  const calls = new Calls();
  const first = bulkhead.execute(calls.of(1));
  await expect(bulkhead.execute(calls.of(2))).rejects.toThrow(BulkheadFullError);
  await calls.end(1);
  await first;
  await expect(bulkhead.execute(async () => 'value')).resolves.toBe('value');
});

describe('an abort', () => {
  test('before anything: the call is not made', async () => {
    const bulkhead = new Bulkhead({ maxConcurrent: 1 });
    const calls = new Calls();
    await expect(bulkhead.execute(calls.of(1), AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
    expect([calls.begun, bulkhead.running]).toEqual([[], 0]);
  });

  test('while the call waits: it leaves the queue, and the one behind it takes its turn', async () => {
    const bulkhead = new Bulkhead({ maxConcurrent: 1, maxQueued: 2 });
    const calls = new Calls();
    const controller = new AbortController();
    const first = bulkhead.execute(calls.of(1));
    const second = bulkhead.execute(calls.of(2), controller.signal);
    const third = bulkhead.execute(calls.of(3));
    controller.abort(new Error('stop'));
    await expect(second).rejects.toThrow('stop');
    expect(bulkhead.queued).toBe(1);
    await calls.end(1);
    expect(calls.begun).toEqual([1, 3]);
    await calls.end(3);
    await Promise.all([first, third]);
  });

  test('once the call runs is the call’s own affair', async () => {
    const bulkhead = new Bulkhead({ maxConcurrent: 1, maxQueued: 1 });
    const calls = new Calls();
    const controller = new AbortController();
    const first = bulkhead.execute(calls.of(1));
    const second = bulkhead.execute(calls.of(2), controller.signal);
    await calls.end(1);
    controller.abort(new Error('stop'));
    await calls.end(2);
    await expect(Promise.all([first, second])).resolves.toEqual([1, 2]);
    expect(bulkhead.running).toBe(0);
  });

  test('leaves no listener behind', async () => {
    const bulkhead = new Bulkhead({ maxConcurrent: 1, maxQueued: 1 });
    const calls = new Calls();
    const { signal } = new AbortController();
    const listeners = listenersOf(signal);
    const both = [bulkhead.execute(calls.of(1)), bulkhead.execute(calls.of(2), signal)];
    expect(listeners.size).toBe(1);
    await calls.end(1);
    await calls.end(2);
    await Promise.all(both);
    expect([...listeners]).toEqual([]);
  });
});

test('tells its limit of what calls come to, and follows it', async () => {
  const told: unknown[] = [];
  const limit = {
    current: 1,
    succeeded(running: number) {
      told.push(running);
      this.current = 2;
    },
    failed(error: unknown) {
      told.push(error);
      this.current = 1;
    },
  };
  const bulkhead = new Bulkhead({ maxConcurrent: limit, maxQueued: 9 });
  const calls = new Calls();
  const results = [1, 2, 3, 4].map((number) => bulkhead.execute(calls.of(number)));
  await calls.end(1);
  expect(calls.begun).toEqual([1, 2, 3]);
  const failed = expect(results[1]).rejects.toThrow('failure 2');
  await calls.fail(2);
  await failed;
  expect(calls.begun).toEqual([1, 2, 3]);
  await calls.end(3);
  await calls.end(4);
  expect(told).toEqual([1, new Error('failure 2'), 1, 1]);
});

test.each([
  [{ maxConcurrent: 0 }, '`maxConcurrent` must be an integer >= 1, got: 0'],
  [{ maxConcurrent: 1.5 }, '`maxConcurrent` must be an integer >= 1, got: 1.5'],
  [{ maxConcurrent: 1, maxQueued: -1 }, '`maxQueued` must be an integer >= 0, got: -1'],
  [{ maxConcurrent: 1, maxQueued: 0.5 }, '`maxQueued` must be an integer >= 0, got: 0.5'],
])('%j is refused', (options, message) => {
  expect(() => new Bulkhead(options)).toThrow(new RangeError(message));
});

test('whatever comes and goes, no more run than may, and none is forgotten', async () => {
  const step = fc.record({ end: fc.boolean(), which: fc.nat(5), abort: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.nat(4),
      fc.array(step, { maxLength: 40 }),
      async (maxConcurrent, maxQueued, steps) => {
        const bulkhead = new Bulkhead({ maxConcurrent, maxQueued });
        const calls = new Calls();
        const ended = new Set<number>();
        const asked: Promise<unknown>[] = [];
        for (const [index, { end, which, abort }] of steps.entries()) {
          const running = calls.begun.filter((number) => !ended.has(number));
          const chosen = running[which];
          if (end && chosen !== undefined) {
            ended.add(chosen);
            await calls.end(chosen);
          } else {
            const controller = new AbortController();
            asked.push(bulkhead.execute(calls.of(index), controller.signal).catch((error: unknown) => error));
            if (abort) controller.abort(new Error('stop'));
            await settled();
          }
          expect(bulkhead.running).toBe(calls.begun.length - ended.size);
          expect(bulkhead.running).toBeLessThanOrEqual(maxConcurrent);
          expect(bulkhead.queued).toBeLessThanOrEqual(maxQueued);
        }
        for (let index = 0; index < calls.begun.length; index += 1) await calls.end(calls.begun[index] as number);
        await Promise.all(asked);
        expect([bulkhead.running, bulkhead.queued]).toEqual([0, 0]);
      },
    ),
  );
});
