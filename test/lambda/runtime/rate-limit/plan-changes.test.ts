import { admittedOf, askAtOnce, askTimes, CLIENT, LimiterWorld, QUOTAS, TERMS } from './limiter-world';

describe('a plan that changes', () => {
  test.each([
    ['faster', { requestsPerSecond: 100, burst: 20 }],
    ['slower', { requestsPerSecond: 0.5, burst: 20 }],
  ])('to a %s one keeps what was used', async (_, next) => {
    const world = new LimiterWorld();
    const limiter = world.limiter();
    await askTimes(limiter, 15);
    expect(admittedOf(await askTimes(limiter, 20, next))).toBe(5);
    world.nowMs += 1_000 / next.requestsPerSecond;
    expect(admittedOf(await askTimes(limiter, 20, next))).toBe(1);
  });

  test('to a larger bucket gives the difference at once, to a smaller one takes it', async () => {
    const limiter = new LimiterWorld().limiter();
    await askTimes(limiter, 20);
    expect(admittedOf(await askTimes(limiter, 20, { ...TERMS, burst: 25 }))).toBe(5);
    const smaller = await limiter.admit(CLIENT, { ...TERMS, burst: 10 });
    expect(smaller).toMatchObject({
      admitted: false,
      retryAfterSeconds: 2,
      limits: { rate: { remaining: 0, resetSeconds: 2 } },
    });
  });

  test('is met by many at once: one converts the row, and the others join', async () => {
    const world = new LimiterWorld();
    await askTimes(world.limiter(), 10);
    const limiters = Array.from({ length: 20 }, () => world.limiter());
    expect(admittedOf(await askAtOnce(limiters, 100, { requestsPerSecond: 1, burst: 20 }))).toBe(10);
    expect(world.store.row).toMatchObject({ dayCount: 20, intervalUs: 1_000_000 });
  });

  test('a bucket that has filled up meanwhile is simply full', async () => {
    const world = new LimiterWorld();
    const limiter = world.limiter();
    await askTimes(limiter, 20);
    world.nowMs += 2_000;
    expect(admittedOf(await askTimes(limiter, 9, { requestsPerSecond: 1, burst: 5 }))).toBe(5);
  });

  test('two plans in turns, as caches run out, never let more through than the larger one', async () => {
    const limiter = new LimiterWorld().limiter();
    const [small, large] = [TERMS, { requestsPerSecond: 70, burst: 50 }];
    const decisions = [];
    for (let turn = 0; turn < 100; turn += 1) decisions.push(...(await askTimes(limiter, 1, turn % 2 ? small : large)));
    expect(admittedOf(decisions)).toBe(50);
  });

  test('a quota that grows lets more through, one that shrinks below what is used none', async () => {
    const limiter = new LimiterWorld().limiter();
    await askTimes(limiter, 40, QUOTAS);
    expect(admittedOf(await askTimes(limiter, 40, { ...QUOTAS, requestsPerDay: 33 }))).toBe(3);
    const shrunk = await limiter.admit(CLIENT, { ...QUOTAS, requestsPerDay: 10 });
    expect(shrunk).toMatchObject({ admitted: false, limits: { day: { limit: 10, remaining: 0 } } });
  });
});
