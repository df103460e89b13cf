import { SecretUnavailableError } from '../../../../lambda/runtime/secrets/errors';
import { MAX_RENEW_PAUSE_MS, SecretCache } from '../../../../lambda/runtime/secrets/secret-cache';

/** A keeper of a secret that can be down. */
const makeCache = ({ random = 0, maxStaleMs = undefined as number | undefined } = {}) => {
  const keeper = { value: 'first', isDown: false, reads: 0, stale: 0, renewals: 0, nowMs: 0 };
  const cache = new SecretCache({
    load: async () => {
      keeper.reads += 1;
      await Promise.resolve();
      if (keeper.isDown) throw new Error('down');
      return keeper.value;
    },
    ttlMs: 1_000,
    retryMs: 100,
    maxStaleMs,
    now: () => keeper.nowMs,
    random: () => random,
    onStale: () => {
      keeper.stale += 1;
    },
    onRenewal: () => {
      keeper.renewals += 1;
    },
  });
  return { cache, keeper };
};

test('reads once, however many ask at once, and again when its time is over', async () => {
  const { cache, keeper } = makeCache();
  expect(new Set(await Promise.all(Array.from({ length: 50 }, () => cache.get())))).toEqual(new Set(['first']));
  keeper.value = 'second';
  keeper.nowMs = 999;
  expect(await cache.get()).toBe('first');
  keeper.nowMs = 1_000;
  expect(await cache.get()).toBe('second');
  expect(keeper.reads).toBe(2);
});

test('its time is shortened at random, by a fifth at most', async () => {
  const { cache, keeper } = makeCache({ random: 0.999 });
  await cache.get();
  keeper.nowMs = 800;
  await cache.get();
  expect(keeper.reads).toBe(1);
  keeper.nowMs = 801;
  await cache.get();
  expect(keeper.reads).toBe(2);
});

test('serves the last good value while its keeper is down, asking now and then', async () => {
  const { cache, keeper } = makeCache();
  await cache.get();
  keeper.isDown = true;
  keeper.nowMs = 1_000;
  expect(await cache.get()).toBe('first');
  expect(await cache.get()).toBe('first');
  expect(keeper).toMatchObject({ reads: 2, stale: 1 });
  keeper.nowMs = 1_100;
  await cache.get();
  expect(keeper.reads).toBe(3);
  Object.assign(keeper, { isDown: false, value: 'second', nowMs: 1_200 });
  expect(await cache.get()).toBe('second');
});

test('serves it for `maxStaleMs` and no longer: then it throws, asks each time, and is well again', async () => {
  const { cache, keeper } = makeCache({ maxStaleMs: 150 });
  await cache.get();
  keeper.isDown = true;
  keeper.nowMs = 1_000;
  expect(await cache.get()).toBe('first');
  keeper.nowMs = 1_149;
  expect(await cache.get()).toBe('first');
  // The pause after a failed read, of 100, does not go beyond it.
  keeper.nowMs = 1_150;
  await expect(cache.get()).rejects.toThrow(SecretUnavailableError);
  await expect(cache.renew('first')).rejects.toThrow(SecretUnavailableError);
  expect(cache.state()).toEqual({ obtainedAt: 0, isStale: true });
  const before = keeper.reads;
  await expect(cache.get()).rejects.toThrow(SecretUnavailableError);
  expect(keeper).toMatchObject({ reads: before + 1, stale: 2 });
  keeper.isDown = false;
  expect(await cache.get()).toBe('first');
});

test('a `maxStaleMs` of 0 serves nothing beyond its time', async () => {
  const { cache, keeper } = makeCache({ maxStaleMs: 0 });
  await cache.get();
  Object.assign(keeper, { isDown: true, nowMs: 999 });
  expect(await cache.get()).toBe('first');
  keeper.nowMs = 1_000;
  await expect(cache.get()).rejects.toThrow(SecretUnavailableError);
});

test('a read that was refused ahead of time does not end the time of the held value', async () => {
  const { cache, keeper } = makeCache({ maxStaleMs: 0 });
  await cache.get();
  Object.assign(keeper, { isDown: true, nowMs: 500 });
  expect(await cache.renew('first')).toBe('first');
  keeper.nowMs = 999;
  expect(await cache.get()).toBe('first');
});

test.each([-1, Number.NaN])('a `maxStaleMs` of %d is refused', (maxStaleMs) => {
  expect(() => makeCache({ maxStaleMs })).toThrow(
    new RangeError(`\`maxStaleMs\` must be 0 or more, got: ${maxStaleMs}`),
  );
});

test('its time counts from the begin of the read, as it may have been replaced right after that', async () => {
  const keeper = { nowMs: 0, reads: 0 };
  const cache = new SecretCache({
    load: async () => {
      keeper.reads += 1;
      keeper.nowMs += 400;
      return 'first';
    },
    ttlMs: 1_000,
    now: () => keeper.nowMs,
    random: () => 0,
  });
  await cache.get();
  keeper.nowMs = 999;
  await cache.get();
  expect(keeper.reads).toBe(1);
  keeper.nowMs = 1_000;
  await cache.get();
  expect(keeper.reads).toBe(2);
});

test('a clock that was set back makes it read anew', async () => {
  const { cache, keeper } = makeCache();
  keeper.nowMs = 5_000;
  await cache.get();
  keeper.nowMs = 4_999;
  await cache.get();
  expect(keeper.reads).toBe(2);
});

test('a held value whose time is over does not answer the refusal of another', async () => {
  const { cache, keeper } = makeCache({ maxStaleMs: 500 });
  await cache.get();
  keeper.value = 'second';
  keeper.nowMs = 1_499;
  expect(await cache.renew('of long ago')).toBe('first');
  keeper.nowMs = 1_500;
  expect(await cache.renew('of long ago')).toBe('second');
});

test('throws where there never was a value, and asks again the next time', async () => {
  const { cache, keeper } = makeCache();
  keeper.isDown = true;
  await expect(cache.get()).rejects.toThrow(SecretUnavailableError);
  keeper.isDown = false;
  expect(await cache.get()).toBe('first');
});

test('renews a rejected value with one read, however many were rejected', async () => {
  const { cache, keeper } = makeCache();
  await cache.get();
  keeper.value = 'second';
  expect(await Promise.all([cache.renew('first'), cache.renew('first')])).toEqual(['second', 'second']);
  expect(await cache.renew('first')).toBe('second');
  expect(keeper).toMatchObject({ reads: 2, renewals: 1 });
});

test('renews to the held value while its keeper is down', async () => {
  const { cache, keeper } = makeCache();
  await cache.get();
  keeper.isDown = true;
  expect(await cache.renew('first')).toBe('first');
  expect(keeper).toMatchObject({ renewals: 1, stale: 1 });
});

test('a value that is refused, and is still the same, is read ever more seldom', async () => {
  const { cache, keeper } = makeCache();
  await cache.get();
  const readsOf = async (seconds: number) => {
    const before = keeper.reads;
    for (let tenth = 0; tenth < seconds * 10; tenth += 1) {
      keeper.nowMs += 100;
      await cache.renew('first');
    }
    return keeper.reads - before;
  };
  expect(await readsOf(1)).toBe(1);
  expect(await readsOf(6)).toBe(2);
  await readsOf(3_600);
  expect(await readsOf((10 * MAX_RENEW_PAUSE_MS) / 1_000)).toBe(10);
});

test('another value ends the pause: the next rotation is seen at once', async () => {
  const { cache, keeper } = makeCache();
  await cache.get();
  for (let refusal = 0; refusal < 10; refusal += 1) {
    keeper.nowMs += 60_000;
    await cache.renew('first');
  }
  keeper.value = 'second';
  keeper.nowMs += 1_000;
  expect(await cache.get()).toBe('second');
  keeper.value = 'third';
  expect(await cache.renew('second')).toBe('third');
});

test('a refusal of an old value does not answer for one of the held value', async () => {
  const { cache, keeper } = makeCache();
  await cache.get();
  keeper.value = 'second';
  await cache.renew('first');
  keeper.value = 'third';
  expect(await Promise.all([cache.renew('first'), cache.renew('second')])).toEqual(['second', 'third']);
});

test('a value that nobody has read yet is read to answer a refusal', async () => {
  const { cache, keeper } = makeCache();
  expect(await cache.renew('of another process')).toBe('first');
  expect(keeper.reads).toBe(1);
});

test('the next try after a failed read is earlier at random, by a fifth at most', async () => {
  const { cache, keeper } = makeCache({ random: 0.999 });
  await cache.get();
  Object.assign(keeper, { isDown: true, nowMs: 1_000 });
  await cache.get();
  keeper.nowMs = 1_080;
  await cache.get();
  expect(keeper.reads).toBe(2);
  keeper.nowMs = 1_081;
  await cache.get();
  expect(keeper.reads).toBe(3);
});

test('a read that began before the refusal is not what answers it', async () => {
  let current = 'first';
  const reads: (() => void)[] = [];
  const cache = new SecretCache({
    load: () => {
      const value = current;
      const { promise, resolve } = Promise.withResolvers<string>();
      reads.push(() => resolve(value));
      return promise;
    },
    now: () => 0,
    random: () => 0,
  });
  const early = cache.get();
  current = 'second';
  const renewed = cache.renew('first');
  reads[0]?.();
  expect(await early).toBe('first');
  await new Promise(setImmediate);
  reads[1]?.();
  expect(await renewed).toBe('second');
});

test('says since when it has its value, and whether it could be had anew', async () => {
  const { cache, keeper } = makeCache();
  expect(cache.state()).toEqual({ obtainedAt: undefined, isStale: false });
  keeper.nowMs = 5;
  await cache.get();
  Object.assign(keeper, { nowMs: 2_000, isDown: true });
  await cache.get();
  expect(cache.state()).toEqual({ obtainedAt: 5, isStale: true });
  Object.assign(keeper, { nowMs: 3_000, isDown: false });
  await cache.get();
  expect(cache.state()).toEqual({ obtainedAt: 3_000, isStale: false });
});
