import {
  RateLimitContentionError,
  RateLimitStoreError,
  RateLimitUnavailableError,
} from '../../../../lambda/runtime/rate-limit/errors';
import { admittedOf, askAtOnce, askTimes, CLIENT, LimiterWorld, NEARLY_DECEMBER, TERMS } from './limiter-world';

describe('a thousand at once', () => {
  test.each([
    ['the burst', { requestsPerSecond: 1, burst: 200 }],
    ['the day', { ...TERMS, burst: 1_000, requestsPerDay: 200 }],
    ['the month', { ...TERMS, burst: 1_000, requestsPerMonth: 200 }],
  ])(
    'are let through until %s is used up, and not one more',
    async (_, terms) => {
      const world = new LimiterWorld();
      const limiters = Array.from({ length: 50 }, () => world.limiter());
      expect(admittedOf(await askAtOnce(limiters, 1_000, terms))).toBe(200);
      expect(world.store.row).toMatchObject({ dayCount: 200, monthCount: 200 });
      expect(admittedOf(await askAtOnce(limiters, 1_000, terms))).toBe(0);
    },
    60_000,
  );

  test('at the beginning of a day and of a month, of which the first begins it and the others join', async () => {
    const world = new LimiterWorld(NEARLY_DECEMBER - 86_400_000);
    const terms = { requestsPerSecond: 1_000, burst: 1_000, requestsPerDay: 200, requestsPerMonth: 300 };
    const limiters = Array.from({ length: 50 }, () => world.limiter());
    expect(admittedOf(await askAtOnce(limiters, 1_000, terms))).toBe(200);
    world.nowMs += 86_400_000;
    expect(admittedOf(await askAtOnce(limiters, 1_000, terms))).toBe(100);
    world.nowMs += 1_000;
    expect(admittedOf(await askAtOnce(limiters, 1_000, terms))).toBe(200);
  }, 60_000);
});

describe('answers that are lost', () => {
  test('a request that was counted is not counted again, though others came in between', async () => {
    const world = new LimiterWorld();
    const terms = { ...TERMS, requestsPerDay: 20 };
    const other = world.limiter();
    await askTimes(other, 1, terms);
    const { store } = world;
    const admit = store.admit.bind(store);
    store.admit = async (admission) => {
      store.admit = admit;
      await admit(admission);
      expect(admittedOf(await askTimes(other, 15, terms))).toBe(15);
      return admit(admission);
    };
    await expect(world.limiter().admit(CLIENT, terms)).resolves.toMatchObject({ admitted: true });
    expect(store.row).toMatchObject({ dayCount: 17 });
    expect(admittedOf(await askTimes(other, 10, terms))).toBe(3);
  });

  test('of the very first request, too', async () => {
    const world = new LimiterWorld();
    const admit = world.store.admit.bind(world.store);
    world.store.admit = async (admission) => {
      await admit(admission);
      return admit(admission);
    };
    await expect(world.limiter().admit(CLIENT, TERMS)).resolves.toMatchObject({ admitted: true });
    expect(world.store.rows).toHaveLength(1);
  });

  test('a store that does not answer refuses without a verdict: at most one count is lost with each, none is won', async () => {
    const world = new LimiterWorld();
    const limiter = world.limiter();
    const down = new Error('unreachable');
    world.store.before = () => Promise.reject(down);
    const error = await limiter.admit(CLIENT, TERMS).catch((caught) => caught);
    expect(error).toBeInstanceOf(RateLimitStoreError);
    expect(error).toBeInstanceOf(RateLimitUnavailableError);
    expect(error).toMatchObject({
      name: 'RateLimitStoreError',
      message: 'The store of the rate limits does not answer.',
      cause: down,
    });
    await expect(limiter.usage(CLIENT, TERMS)).rejects.toBeInstanceOf(RateLimitStoreError);
    expect(world.store.rows).toEqual([]);
    world.store.before = () => undefined;
    world.store.after = () => Promise.reject(down);
    await expect(limiter.admit(CLIENT, TERMS)).rejects.toBeInstanceOf(RateLimitStoreError);
    world.store.after = () => undefined;
    expect(admittedOf(await askTimes(limiter, 30))).toBeGreaterThanOrEqual(19);
    expect(world.store.row?.dayCount).toBe(20);
  });

  test('a read that fails refuses without a verdict', async () => {
    const world = new LimiterWorld();
    const limiter = world.limiter();
    const slow = { requestsPerSecond: 0.1, burst: 1 };
    await askTimes(limiter, 1, slow);
    world.nowMs += 2_000;
    world.store.before = () => Promise.reject(new Error('unreachable'));
    await expect(limiter.admit(CLIENT, slow)).rejects.toBeInstanceOf(RateLimitStoreError);
  });
});

describe('contention', () => {
  test('a request that others always come before is given up, with ever longer pauses, and is no refusal', async () => {
    const world = new LimiterWorld();
    await askTimes(world.limiter(), 1);
    const { store } = world;
    const { row } = store;
    store.admit = async () => {
      store.writes += 1;
      return { done: false, row };
    };
    const writes = store.writes;
    const error = await world
      .limiter()
      .admit(CLIENT, TERMS)
      .catch((caught) => caught);
    expect(error).toBeInstanceOf(RateLimitContentionError);
    expect(error).toBeInstanceOf(RateLimitUnavailableError);
    expect(error).toMatchObject({
      name: 'RateLimitContentionError',
      writes: 12,
      message: 'Other requests of the client came first 12 times.',
    });
    expect(store.writes - writes).toBe(12);
    expect(world.pauses).toEqual([5, 10, 20, 40, 80, 160, 200, 200, 200, 200]);
  });

  test('one that finds the bucket empty at last is refused', async () => {
    const world = new LimiterWorld();
    const other = world.limiter();
    const { store } = world;
    const admit = store.admit.bind(store);
    store.admit = async (admission) => {
      store.admit = admit;
      await askTimes(other, 20);
      return admit(admission);
    };
    await expect(world.limiter().admit(CLIENT, TERMS)).resolves.toMatchObject({ admitted: false, violated: ['rate'] });
  });

  test('requests that come faster than a write takes do not undo each other’s guess', async () => {
    const world = new LimiterWorld();
    const terms = { requestsPerSecond: 1_000, burst: 1_000 };
    const other = world.limiter();
    const { store } = world;
    const admit = store.admit.bind(store);
    // Before each of its writes time goes by, so that the bucket is full again, and another one comes first.
    let writes = 0;
    const slow = world.limiter({
      store: {
        read: store.read.bind(store),
        admit: async (admission) => {
          writes += 1;
          world.nowMs += 5;
          await other.admit(CLIENT, terms);
          world.nowMs += 5;
          return admit(admission);
        },
      },
    });
    for (let request = 0; request < 20; request += 1) {
      await expect(slow.admit(CLIENT, terms)).resolves.toMatchObject({ admitted: true });
    }
    expect(writes).toBeLessThanOrEqual(41);
  });
});
