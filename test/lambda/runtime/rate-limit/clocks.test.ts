import { RateLimitClockError, RateLimitUnavailableError } from '../../../../lambda/runtime/rate-limit/errors';
import { MemoryRateLimitStore } from '../../../../lambda/runtime/rate-limit/memory-rate-limit-store';
import { admittedOf, askTimes, CLIENT, LimiterWorld, NEARLY_DECEMBER } from './limiter-world';

/** So slow that minutes make no token. */
const HOURLY = { requestsPerSecond: 1 / 3_600, burst: 10 };

describe('clocks that differ', () => {
  test('a process that is still in yesterday counts in the day that has begun', async () => {
    const world = new LimiterWorld(NEARLY_DECEMBER);
    const [ahead, behind] = [world.limiter({}, 2_000), world.limiter({ refuseForMs: 0 })];
    const terms = { requestsPerSecond: 1, burst: 100, requestsPerDay: 5 };
    expect(admittedOf(await askTimes(behind, 10, terms))).toBe(5);
    expect(admittedOf(await askTimes(ahead, 3, terms))).toBe(3);
    expect(admittedOf(await askTimes(behind, 10, terms))).toBe(2);
    world.nowMs += 1_000;
    expect(admittedOf(await askTimes(behind, 10, terms))).toBe(0);
    expect(world.store.row).toMatchObject({ utcDay: '2026-12-01', dayCount: 5, monthCount: 5 });
    await expect(behind.usage(CLIENT, terms)).resolves.toMatchObject({
      day: { window: '2026-12-01', used: 5, remaining: 0, resetSeconds: 86_400 },
    });
  });

  test('a skew of a second is worth what comes back in a second, once', async () => {
    const world = new LimiterWorld();
    const [slow, fast] = [world.limiter(), world.limiter({}, 1_000)];
    expect(admittedOf(await askTimes(slow, 50))).toBe(20);
    expect(admittedOf(await askTimes(fast, 50))).toBe(10);
    for (const limiter of [slow, fast, slow, fast]) expect(admittedOf(await askTimes(limiter, 50))).toBe(0);
    world.nowMs += 1_000;
    expect(admittedOf(await askTimes(slow, 50))).toBe(0);
    expect(admittedOf(await askTimes(fast, 50))).toBe(10);
  });

  test('a row further ahead than clocks may differ is an error, and no refusal', async () => {
    const world = new LimiterWorld(NEARLY_DECEMBER);
    await askTimes(world.limiter({}, 3_600_000), 1, HOURLY);
    const limiter = world.limiter({ maxSkewMs: 999 });
    const error = await limiter.admit(CLIENT, HOURLY).catch((caught) => caught);
    expect(error).toBeInstanceOf(RateLimitClockError);
    expect(error).toBeInstanceOf(RateLimitUnavailableError);
    expect(error).toMatchObject({
      name: 'RateLimitClockError',
      clientId: CLIENT,
      aheadMs: 1_000,
      message: `The limits of the client ${CLIENT} are 1000 ms ahead: this clock, or the one that wrote them, is wrong.`,
    });
    await expect(limiter.usage(CLIENT, HOURLY)).rejects.toBeInstanceOf(RateLimitClockError);
    expect(world.store.rows).toHaveLength(1);
    const patient = world.limiter({ maxSkewMs: 1_000 });
    await expect(patient.admit(CLIENT, HOURLY)).resolves.toMatchObject({ admitted: true });
  });

  test('a row that was ahead, and is removed by somebody, is forgotten at once', async () => {
    const world = new LimiterWorld(NEARLY_DECEMBER);
    await askTimes(world.limiter({}, 3_600_000), 1, HOURLY);
    const limiter = world.limiter({ maxSkewMs: 999 });
    await expect(limiter.admit(CLIENT, HOURLY)).rejects.toBeInstanceOf(RateLimitClockError);
    await expect(limiter.admit(CLIENT, HOURLY)).rejects.toBeInstanceOf(RateLimitClockError);
    const empty = new MemoryRateLimitStore();
    world.store.admit = (admission) => empty.admit(admission);
    await expect(limiter.admit(CLIENT, HOURLY)).resolves.toMatchObject({ admitted: true });
  });

  test('a clock that is set back finds what it has written itself ahead, and looks at it anew', async () => {
    const world = new LimiterWorld(NEARLY_DECEMBER + 1_000);
    const limiter = world.limiter({ maxSkewMs: 999 });
    await askTimes(limiter, 1, HOURLY);
    world.nowMs -= 2_000;
    await expect(limiter.admit(CLIENT, HOURLY)).rejects.toBeInstanceOf(RateLimitClockError);
    expect(world.store.rows).toHaveLength(1);
    world.nowMs += 2_000;
    await expect(limiter.admit(CLIENT, HOURLY)).resolves.toMatchObject({ admitted: true });
  });

  test('clocks may differ by five minutes unless told otherwise', async () => {
    const world = new LimiterWorld(Date.parse('2026-11-27T23:55:00Z'));
    await askTimes(world.limiter({}, 300_000), 1, HOURLY);
    await expect(world.limiter().admit(CLIENT, HOURLY)).resolves.toMatchObject({ admitted: true });
    await expect(world.limiter({}, -1).admit(CLIENT, HOURLY)).rejects.toBeInstanceOf(RateLimitClockError);
  });
});
