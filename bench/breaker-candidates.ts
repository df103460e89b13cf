import * as cockatiel from 'cockatiel';
import Opossum from 'opossum';
import { CircuitBreaker, MemoryBreakerStore, ResilientCall } from '../lambda/runtime/index';

const TIMEOUT_MS = 10_000;

const succeed = async (): Promise<number> => 1;

const fail = async (): Promise<number> => {
  throw new Error('down');
};

const cockatielBreaker = () =>
  cockatiel.circuitBreaker(cockatiel.handleAll, {
    halfOpenAfter: 60_000,
    breaker: new cockatiel.ConsecutiveBreaker(5),
  });

/** The call with its refusal caught, as a caller has to. */
const refused = (call: () => Promise<unknown>) => async () => {
  try {
    await call();
  } catch {
    return;
  }
  throw new Error('the breaker was to be open');
};

/** Lets the breaker open by as many failures as it takes. */
const opened = async (call: () => Promise<unknown>): Promise<void> => {
  for (let failure = 0; failure < 50; failure += 1) await call().catch(() => undefined);
};

/** Each makes the call that is measured; `bare` is the call without anything around it. */
export const CANDIDATES = {
  bare: async () => succeed,
  bulwark: async () => {
    const breaker = new CircuitBreaker();
    return () => breaker.execute(succeed);
  },
  'bulwark with slow calls counted': async () => {
    const breaker = new CircuitBreaker({ slowCallMs: TIMEOUT_MS });
    return () => breaker.execute(succeed);
  },
  'bulwark with a shared state': async () => {
    const breaker = new CircuitBreaker({ store: new MemoryBreakerStore() });
    return () => breaker.execute(succeed);
  },
  cockatiel: async () => {
    const breaker = cockatielBreaker();
    return () => breaker.execute(succeed);
  },
  opossum: async () => {
    const breaker = new Opossum(succeed);
    return () => breaker.fire();
  },
  'bulwark open': async () => {
    const breaker = new CircuitBreaker();
    await opened(() => breaker.execute(fail));
    return refused(() => breaker.execute(succeed));
  },
  'cockatiel open': async () => {
    const breaker = cockatielBreaker();
    await opened(() => breaker.execute(fail));
    return refused(() => breaker.execute(succeed));
  },
  'opossum open': async () => {
    const breaker = new Opossum(fail, { resetTimeout: 60_000 });
    await opened(() => breaker.fire());
    return refused(() => breaker.fire());
  },
  'bulwark composed': async () => {
    const resilient = new ResilientCall({ breaker: new CircuitBreaker(), timeoutMs: TIMEOUT_MS });
    return () => resilient.execute(succeed);
  },
  'cockatiel composed': async () => {
    const retry = cockatiel.retry(cockatiel.handleAll, {
      maxAttempts: 2,
      backoff: new cockatiel.ExponentialBackoff(),
    });
    const timeout = cockatiel.timeout(TIMEOUT_MS, cockatiel.TimeoutStrategy.Aggressive);
    const composed = cockatiel.wrap(retry, cockatielBreaker(), timeout);
    return () => composed.execute(succeed);
  },
} satisfies Record<string, () => Promise<() => Promise<unknown>>>;

export type CandidateName = keyof typeof CANDIDATES;

const SAMPLE_MS = 2;
const WARM_UP_MS = 400;
const MEASURE_MS = 500;

const timeOf = async (call: () => Promise<unknown>, calls: number): Promise<number> => {
  const start = performance.now();
  for (let made = 0; made < calls; made += 1) await call();
  return performance.now() - start;
};

/** Nanoseconds of one call: the median of samples of about 2 ms, once the process is warm. */
export async function measure(name: CandidateName): Promise<number> {
  const call = await CANDIDATES[name]();
  const warmUntil = performance.now() + WARM_UP_MS;
  let perCall = 0;
  while (performance.now() < warmUntil) perCall = (await timeOf(call, 200)) / 200;
  const calls = Math.max(1, Math.round(SAMPLE_MS / perCall));
  const samples: number[] = [];
  const until = performance.now() + MEASURE_MS;
  while (performance.now() < until) samples.push(((await timeOf(call, calls)) / calls) * 1e6);
  samples.sort((left, right) => left - right);
  return samples[Math.floor(samples.length / 2)] ?? Number.NaN;
}
