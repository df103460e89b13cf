import { SecretUnavailableError } from '../../../../lambda/runtime/secrets/errors';
import { SecretCache } from '../../../../lambda/runtime/secrets/secret-cache';

/** A keeper of a secret that can be down. */
const makeCache = ({ random = 0 } = {}) => {
  const keeper = { value: 'first', isDown: false, reads: 0, stale: 0, nowMs: 0 };
  const cache = new SecretCache({
    load: async () => {
      keeper.reads += 1;
      await Promise.resolve();
      if (keeper.isDown) throw new Error('down');
      return keeper.value;
    },
    ttlMs: 1_000,
    retryMs: 100,
    now: () => keeper.nowMs,
    random: () => random,
    onStale: () => {
      keeper.stale += 1;
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
  expect(keeper.reads).toBe(2);
});

test('renews to the held value while its keeper is down', async () => {
  const { cache, keeper } = makeCache();
  await cache.get();
  keeper.isDown = true;
  expect(await cache.renew('first')).toBe('first');
});
