import { BreakerOpenError } from '../../../../lambda/runtime/breaker/errors';
import { Bulkhead } from '../../../../lambda/runtime/bulkhead/bulkhead';
import { BulkheadFullError } from '../../../../lambda/runtime/bulkhead/errors';
import type { Attempt } from '../../../../lambda/runtime/resilience/attempt';
import { CallTimeoutError } from '../../../../lambda/runtime/resilience/errors';
import { ResilientCall, type ResilientCallOptions } from '../../../../lambda/runtime/resilience/resilient-call';
import type { PlannedRetry } from '../../../../lambda/runtime/retry/retry-policy';
import { Down, failTimes, settled, succeed, World } from '../breaker/world';

class Timers {
  readonly running = new Map<object, { readonly until: number; readonly onEnd: () => void }>();

  constructor(readonly world: World) {}

  start(ms: number, onEnd: () => void): object {
    const timer = {};
    this.running.set(timer, { until: this.world.nowMs + ms, onEnd });
    return timer;
  }

  stop(timer: object): void {
    this.running.delete(timer);
  }

  async advance(ms: number): Promise<void> {
    await this.world.advance(ms);
    for (const [timer, { until, onEnd }] of this.running) {
      if (until > this.world.nowMs) continue;
      this.running.delete(timer);
      onEnd();
    }
    await settled();
  }
}

const setUp = (options: ResilientCallOptions = {}) => {
  const world = new World();
  const timers = new Timers(world);
  const sleep = async (ms: number) => world.advanceQuickly(ms);
  const resilient = new ResilientCall(options, { now: world.now, random: () => 0.5, sleep, timers });
  return { world, timers, resilient };
};

const failing = (failures: number) => {
  const attempts: number[] = [];
  const call = async ({ number }: Attempt) => {
    attempts.push(number);
    if (number <= failures) throw new Down(`failure ${number}`);
    return 'value';
  };
  return { attempts, call };
};

const never = () => new Promise<never>(() => undefined);

test('needs nothing to be told', async () => {
  const { attempts, call } = failing(2);
  await expect(setUp().resilient.execute(call)).resolves.toBe('value');
  expect(attempts).toEqual([1, 2, 3]);
});

test('rejects with the last error itself', async () => {
  const { attempts, call } = failing(9);
  await expect(setUp().resilient.execute(call)).rejects.toThrow(new Down('failure 3'));
  expect(attempts).toEqual([1, 2, 3]);
});

test('retries as its policy says', async () => {
  const { attempts, call } = failing(9);
  const { resilient } = setUp({ retry: { classify: () => ({ action: 'never' }) } });
  await expect(resilient.execute(call)).rejects.toThrow(new Down('failure 1'));
  expect(attempts).toEqual([1]);
  const { resilient: patient } = setUp({ retry: { attempts: 4 } });
  await expect(patient.execute(failing(3).call)).resolves.toBe('value');
});

test('an error in a callback of the policy is not taken for the call’s', async () => {
  const onRetry = () => {
    throw new Error('listener');
  };
  await expect(setUp({ retry: { onRetry } }).resilient.execute(failing(1).call)).rejects.toThrow('listener');
});

describe('the timeout', () => {
  test('ends a call that takes too long, aborts its signal, and goes on to the next', async () => {
    const { timers, resilient } = setUp({ timeoutMs: 1_000 });
    const signals: AbortSignal[] = [];
    const call = (attempt: Attempt) => {
      signals.push(attempt.signal);
      return attempt.number === 1 ? never() : Promise.resolve('value');
    };
    const result = resilient.execute(call);
    await timers.advance(999);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await timers.advance(1);
    await expect(result).resolves.toBe('value');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(signals[0]?.reason).toBeInstanceOf(CallTimeoutError);
  });

  test('is what the caller sees when the attempts are used', async () => {
    const { timers, resilient } = setUp({ timeoutMs: 1_000, retry: { attempts: 1 } });
    const result = expect(resilient.execute(never)).rejects.toMatchObject({
      name: 'CallTimeoutError',
      message: 'The call did not end within 1000 ms.',
      timeoutMs: 1_000,
    });
    await timers.advance(1_000);
    await result;
  });

  test('leaves no timer behind, however a call ends', async () => {
    const { timers, resilient } = setUp({ timeoutMs: 1_000 });
    await resilient.execute(failing(2).call);
    expect(timers.running.size).toBe(0);
  });

  test('has no timer where there is none', async () => {
    const { timers, resilient } = setUp();
    void resilient.execute(never);
    await settled();
    expect(timers.running.size).toBe(0);
  });

  test('counts against the breaker', async () => {
    const world = new World();
    const breaker = world.breaker({ failures: 1 });
    const { timers, resilient } = setUp({ timeoutMs: 1_000, breaker, retry: { attempts: 1 } });
    const result = expect(resilient.execute(never)).rejects.toThrow(CallTimeoutError);
    await timers.advance(1_000);
    await result;
    expect(breaker.state().status).toBe('open');
  });

  test.each([0, -1, Number.NaN])('of %d is refused', (timeoutMs) => {
    expect(() => new ResilientCall({ timeoutMs })).toThrow(
      new RangeError(`\`timeoutMs\` must be > 0, got: ${timeoutMs}`),
    );
  });
});

describe('the deadline', () => {
  test('shortens the last call’s time', async () => {
    const { world, timers, resilient } = setUp({ timeoutMs: 1_000, retry: { attempts: 1 } });
    const result = expect(resilient.execute(never, { deadline: world.nowMs + 300 })).rejects.toMatchObject({
      timeoutMs: 300,
    });
    await timers.advance(300);
    await result;
  });

  test('bounds a call that has no timeout', async () => {
    const { world, timers, resilient } = setUp({ retry: { attempts: 1 } });
    const result = expect(resilient.execute(never, { deadline: world.nowMs + 300 })).rejects.toMatchObject({
      timeoutMs: 300,
    });
    await timers.advance(300);
    await result;
  });

  test('that is over lets no call be made', async () => {
    const { world, resilient } = setUp();
    const { attempts, call } = failing(0);
    await expect(resilient.execute(call, { deadline: world.nowMs })).rejects.toMatchObject({ timeoutMs: 0 });
    expect(attempts).toEqual([]);
  });

  test('does not let a delay end past it', async () => {
    const { world, resilient } = setUp();
    const { attempts, call } = failing(9);
    await expect(resilient.execute(call, { deadline: world.nowMs + 250 })).rejects.toThrow('failure 1');
    expect(attempts).toEqual([1]);
  });
});

describe('the breaker', () => {
  test('is asked before each call, and its refusal is not retried', async () => {
    const breaker = new World().breaker({ failures: 2 });
    const { attempts, call } = failing(9);
    const classify = () => ({ action: 'retry' }) as const;
    const retried: number[] = [];
    const onRetry = ({ attempt }: PlannedRetry) => retried.push(attempt);
    await expect(setUp({ breaker, retry: { attempts: 5, classify, onRetry } }).resilient.execute(call)).rejects.toThrow(
      BreakerOpenError,
    );
    expect(attempts).toEqual([1, 2]);
    expect(retried).toEqual([1, 2]);
  });

  test('refuses at once, before a place is asked for or a timer started', async () => {
    const breaker = new World().breaker({ failures: 1 });
    await failTimes(breaker, 1);
    const { timers, resilient } = setUp({ breaker, timeoutMs: 1_000 });
    await expect(resilient.execute(succeed)).rejects.toThrow(BreakerOpenError);
    expect(timers.running.size).toBe(0);
  });
});

describe('the bulkhead', () => {
  test('refuses what is too much, which is not retried', async () => {
    const bulkhead = new Bulkhead({ maxConcurrent: 1 });
    const retried: unknown[] = [];
    const { resilient } = setUp({ bulkhead, retry: { onRetry: (retry) => retried.push(retry) } });
    const first = resilient.execute(never);
    const { attempts, call } = failing(0);
    await expect(resilient.execute(call)).rejects.toThrow(BulkheadFullError);
    expect([attempts, retried]).toEqual([[], []]);
    void first;
  });

  test('keeps no place during a delay', async () => {
    const bulkhead = new Bulkhead({ maxConcurrent: 1 });
    const running: number[] = [];
    const { resilient } = setUp({ bulkhead, retry: { onRetry: () => running.push(bulkhead.running) } });
    await resilient.execute(failing(1).call);
    expect(running).toEqual([0]);
  });

  test('has its place before the breaker is asked, so that what waited long is judged by what is known then', async () => {
    const world = new World();
    const breaker = world.breaker({ failures: 1 });
    const bulkhead = new Bulkhead({ maxConcurrent: 1, maxQueued: 1 });
    const { resilient } = setUp({ bulkhead, breaker, retry: { attempts: 1 } });
    let fail: (error: Error) => void = () => undefined;
    const first = resilient.execute(() => new Promise<never>((_, reject) => (fail = reject))).catch(() => 'failed');
    const { attempts, call } = failing(0);
    const second = resilient.execute(call);
    await settled();
    fail(new Error('failure'));
    await expect(second).rejects.toThrow(BreakerOpenError);
    await first;
    expect(attempts).toEqual([]);
  });
});

describe('an abort', () => {
  const stopped = new Error('stop');

  test('rejects with its reason at once, aborts the call’s signal, and calls no more', async () => {
    const { resilient } = setUp({
      timeoutMs: 1_000,
      breaker: new World().breaker(),
      bulkhead: new Bulkhead({ maxConcurrent: 1 }),
    });
    const controller = new AbortController();
    const signals: AbortSignal[] = [];
    const call = (attempt: Attempt) => {
      signals.push(attempt.signal);
      return never();
    };
    const result = resilient.execute(call, { signal: controller.signal });
    await settled();
    controller.abort(stopped);
    await expect(result).rejects.toBe(stopped);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('before the first call: none is made', async () => {
    const { attempts, call } = failing(0);
    await expect(setUp().resilient.execute(call, { signal: AbortSignal.abort(stopped) })).rejects.toBe(stopped);
    expect(attempts).toEqual([]);
  });

  test('leaves the queue of the bulkhead', async () => {
    const bulkhead = new Bulkhead({ maxConcurrent: 1, maxQueued: 1 });
    const { resilient } = setUp({ bulkhead });
    void resilient.execute(never);
    const controller = new AbortController();
    const waiting = resilient.execute(never, { signal: controller.signal });
    await settled();
    expect(bulkhead.queued).toBe(1);
    controller.abort(stopped);
    await expect(waiting).rejects.toBe(stopped);
    await settled();
    expect(bulkhead.queued).toBe(0);
  });
});

test('works in real time without tools', async () => {
  const resilient = new ResilientCall({ timeoutMs: 20, retry: { attempts: 1 } });
  const before = performance.now();
  await expect(resilient.execute(never)).rejects.toThrow(CallTimeoutError);
  expect(performance.now() - before).toBeGreaterThanOrEqual(18);
  await expect(resilient.execute(async () => 'value', { deadline: Date.now() + 60_000 })).resolves.toBe('value');
});
