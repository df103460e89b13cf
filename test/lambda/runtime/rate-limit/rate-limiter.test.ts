import { MemoryRateLimitStore } from '../../../../lambda/runtime/rate-limit/memory-rate-limit-store';
import { RateLimiter } from '../../../../lambda/runtime/rate-limit/rate-limiter';
import { admittedOf, askTimes, CLIENT, LimiterWorld, NEARLY_DECEMBER, QUOTAS, TERMS } from './limiter-world';

describe('a bucket', () => {
  test('lets its burst through at once, and then one as each token comes back', async () => {
    const world = new LimiterWorld();
    const limiter = world.limiter();
    expect(admittedOf(await askTimes(limiter, 25))).toBe(20);
    world.nowMs += 99;
    expect(admittedOf(await askTimes(limiter, 3))).toBe(0);
    world.nowMs += 1;
    expect(admittedOf(await askTimes(limiter, 3))).toBe(1);
    world.nowMs += 60_000;
    expect(admittedOf(await askTimes(limiter, 25))).toBe(20);
  });

  test('says what is left of it, and when there is more', async () => {
    const world = new LimiterWorld();
    const limiter = world.limiter();
    const terms = { requestsPerSecond: 0.5, burst: 3 };
    const rate = { limit: 3, windowSeconds: 6 };
    await expect(limiter.admit(CLIENT, terms)).resolves.toEqual({
      admitted: true,
      limits: { rate: { ...rate, remaining: 2, resetSeconds: 2 } },
    });
    world.nowMs += 1_001;
    await expect(limiter.admit(CLIENT, terms, 2)).resolves.toEqual({
      admitted: true,
      limits: { rate: { ...rate, remaining: 0, resetSeconds: 1 } },
    });
    await expect(limiter.admit(CLIENT, terms, 2)).resolves.toEqual({
      admitted: false,
      violated: ['rate'],
      limits: { rate: { ...rate, remaining: 0, resetSeconds: 1 } },
      retryAfterSeconds: 3,
    });
  });

  test('of one client is not that of another', async () => {
    const limiter = new LimiterWorld().limiter();
    await askTimes(limiter, 20);
    await expect(limiter.admit('other', TERMS)).resolves.toMatchObject({ admitted: true });
    await expect(limiter.admit(CLIENT, TERMS)).resolves.toMatchObject({ admitted: false });
  });
});

describe('quotas', () => {
  test('are those of the UTC day and month, and a new one begins with each', async () => {
    const world = new LimiterWorld(Date.parse('2026-11-29T23:00:00Z'));
    const limiter = world.limiter();
    expect(admittedOf(await askTimes(limiter, 40, QUOTAS))).toBe(30);
    world.nowMs = Date.parse('2026-11-29T23:59:59.999Z');
    expect(admittedOf(await askTimes(limiter, 40, QUOTAS))).toBe(0);
    world.nowMs = Date.parse('2026-11-30T00:00:00Z');
    expect(admittedOf(await askTimes(limiter, 40, QUOTAS))).toBe(20);
    world.nowMs = Date.parse('2026-12-01T00:00:00Z');
    expect(admittedOf(await askTimes(limiter, 40, QUOTAS))).toBe(30);
    world.nowMs = Date.parse('2028-02-29T12:00:00Z');
    expect(admittedOf(await askTimes(limiter, 40, QUOTAS))).toBe(30);
  });

  test('say what is left of them, and when they begin anew', async () => {
    const world = new LimiterWorld(Date.parse('2026-11-29T23:00:00.500Z'));
    const limiter = world.limiter();
    const [first] = await askTimes(limiter, 1, QUOTAS);
    expect(first?.limits).toMatchObject({
      day: { limit: 30, remaining: 29, resetSeconds: 3_600, windowSeconds: 86_400 },
      month: { limit: 50, remaining: 49, resetSeconds: 90_000, windowSeconds: 30 * 86_400 },
    });
    await askTimes(limiter, 29, QUOTAS);
    await expect(limiter.admit(CLIENT, QUOTAS)).resolves.toMatchObject({
      admitted: false,
      violated: ['day'],
      retryAfterSeconds: 3_600,
      limits: { day: { remaining: 0 }, month: { remaining: 20 } },
    });
    world.nowMs += 86_400_000;
    await askTimes(limiter, 20, QUOTAS);
    await expect(limiter.admit(CLIENT, QUOTAS)).resolves.toMatchObject({
      admitted: false,
      violated: ['month'],
      retryAfterSeconds: 3_600,
    });
    await expect(limiter.admit(CLIENT, { ...QUOTAS, burst: 1, requestsPerDay: 20 })).resolves.toMatchObject({
      admitted: false,
      violated: ['rate', 'day', 'month'],
      retryAfterSeconds: 3_600,
    });
  });

  test('of nothing let nothing through', async () => {
    const world = new LimiterWorld();
    const none = { ...TERMS, requestsPerDay: 0 };
    await expect(world.limiter().admit(CLIENT, none)).resolves.toMatchObject({ admitted: false, violated: ['day'] });
    expect(world.store.rows).toEqual([]);
  });

  test('outlive their row’s expiry: it lies after the month by more than a bucket may take to fill', async () => {
    const world = new LimiterWorld();
    await askTimes(world.limiter(), 2);
    expect(world.store.row?.expiresAt).toBe(Date.parse('2027-01-02T00:00:00Z') / 1_000);
    world.nowMs = Date.parse('2027-02-03T00:00:00Z');
    await askTimes(world.limiter(), 1);
    expect(world.store.row?.expiresAt).toBe(Date.parse('2027-04-02T00:00:00Z') / 1_000);
  });
});

describe('what it costs', () => {
  let world: LimiterWorld;
  let limiter: RateLimiter;
  beforeEach(() => {
    world = new LimiterWorld(NEARLY_DECEMBER - 86_400_000);
    limiter = world.limiter();
  });

  const callsOf = async (work: () => Promise<unknown>): Promise<{ reads: number; writes: number }> => {
    const { reads, writes } = world.store;
    await work();
    return { reads: world.store.reads - reads, writes: world.store.writes - writes };
  };

  test('one write counts a request, whether its bucket is full or not, and in whichever window it falls', async () => {
    await askTimes(limiter, 1);
    await expect(callsOf(() => askTimes(limiter, 1))).resolves.toEqual({ reads: 0, writes: 1 });
    world.nowMs += 500;
    await expect(callsOf(() => askTimes(limiter, 1))).resolves.toEqual({ reads: 0, writes: 1 });
    world.nowMs += 600;
    await expect(callsOf(() => askTimes(limiter, 1))).resolves.toEqual({ reads: 0, writes: 1 });
    world.nowMs += 86_400_000;
    await expect(callsOf(() => askTimes(limiter, 1))).resolves.toEqual({ reads: 0, writes: 1 });
    expect(world.store.row).toMatchObject({ utcDay: '2026-12-01', dayCount: 1, monthCount: 1 });
  });

  test('the first request ever takes two, and the first of a new process one, or one more where it guesses wrong', async () => {
    await expect(callsOf(() => askTimes(limiter, 1))).resolves.toEqual({ reads: 0, writes: 2 });
    await expect(callsOf(() => askTimes(world.limiter(), 1))).resolves.toEqual({ reads: 0, writes: 2 });
    world.nowMs += 900;
    await expect(callsOf(() => askTimes(world.limiter(), 1))).resolves.toEqual({ reads: 0, writes: 1 });
    world.nowMs += 1_000;
    await expect(callsOf(() => askTimes(world.limiter(), 1))).resolves.toEqual({ reads: 0, writes: 2 });
  });

  test('a refusal writes nothing: it costs nothing for a second, and then a read', async () => {
    await askTimes(limiter, 20);
    const before = world.store.row;
    await expect(callsOf(() => askTimes(limiter, 50))).resolves.toEqual({ reads: 0, writes: 0 });
    expect(world.store.row).toEqual(before);
    const slow = { requestsPerSecond: 0.1, burst: 20 };
    await expect(callsOf(() => askTimes(limiter, 1, slow))).resolves.toEqual({ reads: 0, writes: 0 });
    world.nowMs += 999;
    await expect(callsOf(() => askTimes(limiter, 1, { ...slow, burst: 1 }))).resolves.toEqual({ reads: 0, writes: 0 });
    world.nowMs += 1;
    await expect(callsOf(() => askTimes(limiter, 5, { ...slow, burst: 1 }))).resolves.toEqual({ reads: 1, writes: 0 });
    world.nowMs -= 5;
    await expect(callsOf(() => askTimes(limiter, 5, { ...slow, burst: 1 }))).resolves.toEqual({ reads: 1, writes: 0 });
  });

  test('a refusal of another process is believed once it is met: one write that fails', async () => {
    await askTimes(limiter, 20);
    const other = world.limiter();
    await expect(callsOf(() => askTimes(other, 5))).resolves.toEqual({ reads: 0, writes: 1 });
  });

  test('a row that somebody removed is begun anew, after a second at most', async () => {
    await askTimes(limiter, 20);
    world.store.read = async () => undefined;
    expect(admittedOf(await askTimes(limiter, 1))).toBe(0);
    world.nowMs += 1_000;
    const slow = { requestsPerSecond: 0.1, burst: 2 };
    const empty = new MemoryRateLimitStore();
    world.store.admit = (admission) => empty.admit(admission);
    expect(admittedOf(await askTimes(limiter, 1, slow))).toBe(1);
  });

  test('no more clients are remembered than it is told to', async () => {
    const few = world.limiter({ maxRemembered: 2 });
    for (const client of ['a', 'b', 'c', 'b']) await few.admit(client, TERMS);
    world.nowMs += 5_000;
    // `a` was forgotten and is guessed rightly; a wrong memory would cost as much. So their buckets are looked at.
    for (const client of ['a', 'b', 'c']) await few.admit(client, TERMS);
    await expect(callsOf(() => few.admit('c', TERMS))).resolves.toEqual({ reads: 0, writes: 1 });
    await expect(callsOf(() => few.admit('b', TERMS))).resolves.toEqual({ reads: 0, writes: 1 });
    await expect(callsOf(() => few.admit('a', TERMS))).resolves.toEqual({ reads: 0, writes: 2 });
    await expect(callsOf(() => few.admit('b', TERMS))).resolves.toEqual({ reads: 0, writes: 1 });
    await expect(callsOf(() => few.admit('c', TERMS))).resolves.toEqual({ reads: 0, writes: 2 });
  });
});

describe('what a client has used', () => {
  test('is nothing at first, and to ask counts nothing', async () => {
    const world = new LimiterWorld();
    await expect(world.limiter().usage(CLIENT, QUOTAS)).resolves.toEqual({
      rate: { limit: 100, remaining: 100, resetSeconds: 0 },
      day: { window: '2026-11-27', used: 0, limit: 30, remaining: 30, resetSeconds: 43_200 },
      month: { window: '2026-11', used: 0, limit: 50, remaining: 50, resetSeconds: 3.5 * 86_400 },
    });
    expect(world.store).toMatchObject({ reads: 1, writes: 0 });
  });

  test('is told without a quota, too', async () => {
    const world = new LimiterWorld();
    const limiter = world.limiter();
    await askTimes(limiter, 3);
    world.nowMs += 50;
    await expect(limiter.usage(CLIENT, TERMS)).resolves.toEqual({
      rate: { limit: 20, remaining: 17, resetSeconds: 1 },
      day: { window: '2026-11-27', used: 3, resetSeconds: 43_200 },
      month: { window: '2026-11', used: 3, resetSeconds: 3.5 * 86_400 },
    });
    world.nowMs += 86_400_000;
    await expect(limiter.usage(CLIENT, TERMS)).resolves.toMatchObject({
      rate: { remaining: 20 },
      day: { window: '2026-11-28', used: 0 },
      month: { window: '2026-11', used: 3 },
    });
  });
});

describe('what it refuses to be given', () => {
  test.each([0, 21, 1.5, -1, Number.NaN])('a cost of %s', async (cost) => {
    const world = new LimiterWorld();
    await expect(world.limiter().admit(CLIENT, TERMS, cost)).rejects.toThrow(
      new RangeError(`\`cost\` must be an integer from 1 to the burst of 20, got: ${cost}`),
    );
    expect(world.store.calls).toBe(0);
  });

  test('a cost of the whole bucket it takes', async () => {
    await expect(new LimiterWorld().limiter().admit(CLIENT, TERMS, 20)).resolves.toMatchObject({ admitted: true });
  });

  test.each(['', 'x'.repeat(513), undefined as never, 5 as never])('the client %p', async (clientId) => {
    const world = new LimiterWorld();
    await expect(world.limiter().admit(clientId, TERMS)).rejects.toThrow(
      new RangeError('`clientId` must be a text of 1 to 512 characters'),
    );
    expect(world.store.calls).toBe(0);
  });

  test('a name of 512 characters it takes', async () => {
    await expect(new LimiterWorld().limiter().admit('x'.repeat(512), TERMS)).resolves.toMatchObject({ admitted: true });
  });

  test.each(['maxSkewMs', 'refuseForMs', 'maxRemembered'])('an option %s that is negative or none', (name) => {
    for (const wrong of [-1, Number.NaN]) {
      expect(() => new LimiterWorld().limiter({ [name]: wrong })).toThrow(
        new RangeError(`\`${name}\` must be >= 0, got: ${wrong}`),
      );
    }
    expect(() => new LimiterWorld().limiter({ [name]: 0 })).not.toThrow();
  });

  test('terms that are none', async () => {
    const limiter = new LimiterWorld().limiter();
    const terms = { ...TERMS, burst: 0 };
    await expect(limiter.admit(CLIENT, terms)).rejects.toThrow(RangeError);
    await expect(limiter.usage(CLIENT, terms)).rejects.toThrow(RangeError);
  });
});

test('by itself it takes the process’s clock, and a name of its own for each request', async () => {
  const store = new MemoryRateLimitStore();
  const limiter = new RateLimiter({ store });
  const before = Date.now();
  await askTimes(limiter, 3);
  const row = await store.read(CLIENT);
  expect(row?.fullAtUs).toBeGreaterThan(before * 1_000);
  const names = row?.recent.slice(-3) ?? [];
  expect(new Set(names).size).toBe(3);
  expect(row?.recent).toHaveLength(16);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{16}$/);
});
