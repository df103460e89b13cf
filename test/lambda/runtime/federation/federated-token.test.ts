import fc from 'fast-check';
import { TokenExchangeError } from '../../../../lambda/runtime/federation/errors';
import { ADVISORY_MS, FederatedToken, MANDATORY_MS } from '../../../../lambda/runtime/federation/federated-token';
import type { AccessToken } from '../../../../lambda/runtime/federation/token-answer';

const HOUR_MS = 3_600_000;

/** A process with a clock of its own, and an endpoint that can be down, slow, or give short lives. */
class World {
  nowMs = 1_000_000;
  isDown = false;
  failedAt = Number.NEGATIVE_INFINITY;
  lifetimeMs = HOUR_MS;
  identities = 0;
  exchanges = 0;
  running = 0;
  mostRunning = 0;
  stale = 0;
  renewals = 0;
  readonly expiries = new Map<string, number>();
  /** Awaited in each exchange. */
  gate: () => Promise<void> = () => Promise.resolve();
  readonly credential: FederatedToken;

  constructor(random = 0, betas: readonly string[] = ['beta']) {
    this.credential = new FederatedToken({
      identity: async () => `identity-${++this.identities}`,
      endpoint: { betas, exchange: (identity) => this.#exchange(identity) },
      now: () => this.nowMs,
      random: () => random,
      onStale: () => {
        this.stale += 1;
      },
      onRenewal: () => {
        this.renewals += 1;
      },
    });
  }

  async value(): Promise<string> {
    return (await this.credential.get()).value;
  }

  async #exchange(identity: string): Promise<AccessToken> {
    this.exchanges += 1;
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    const askedAt = this.nowMs;
    await this.gate().finally(() => {
      this.running -= 1;
    });
    if (this.isDown) {
      this.failedAt = this.nowMs;
      throw new TokenExchangeError(503);
    }
    const value = `token-${this.exchanges} for ${identity}`;
    this.expiries.set(value, askedAt + this.lifetimeMs);
    return { value, lifetimeMs: this.lifetimeMs };
  }
}

/** Lets everything run that has been begun. */
const settle = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

const hold = (world: World): (() => void) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.gate = () => promise;
  return () => {
    world.gate = () => Promise.resolve();
    resolve();
  };
};

test('is one exchange, however many ask at once, and one token until it nears its end', async () => {
  const world = new World();
  const values = await Promise.all(Array.from({ length: 50 }, () => world.value()));
  expect(new Set(values)).toEqual(new Set(['token-1 for identity-1']));
  world.nowMs += HOUR_MS - ADVISORY_MS - 1;
  await world.value();
  expect(world).toMatchObject({ exchanges: 1, identities: 1 });
});

test('is a bearer token that names the features its calls need', async () => {
  await expect(new World().credential.get()).resolves.toEqual({
    kind: 'bearer',
    value: 'token-1 for identity-1',
    betas: ['beta'],
  });
  await expect(new World(0, []).credential.get()).resolves.not.toHaveProperty('betas');
});

test('two minutes before its end it is replaced, and nobody waits for that', async () => {
  const world = new World();
  await world.value();
  world.nowMs += HOUR_MS - ADVISORY_MS;
  const release = hold(world);
  expect(await Promise.all([world.value(), world.value()])).toEqual(Array(2).fill('token-1 for identity-1'));
  release();
  await settle();
  expect(await world.value()).toBe('token-2 for identity-2');
  expect(world.exchanges).toBe(2);
});

test('the fleet does not replace its tokens in step', async () => {
  const world = new World(1);
  await world.value();
  world.nowMs += HOUR_MS - ADVISORY_MS * 1.2;
  await world.value();
  expect(world.exchanges).toBe(2);
});

test('half a minute before its end the next one is waited for', async () => {
  const world = new World();
  await world.value();
  world.nowMs += HOUR_MS - MANDATORY_MS;
  expect(await world.value()).toBe('token-2 for identity-2');
});

test('one whose life is short is used for half of it', async () => {
  const world = new World();
  world.lifetimeMs = 60_000;
  await world.value();
  world.nowMs += 29_999;
  await world.value();
  expect(world.exchanges).toBe(1);
  world.nowMs += 1;
  await world.value();
  expect(world.exchanges).toBe(2);
});

test('its life is counted from before it was asked for', async () => {
  const world = new World();
  const release = hold(world);
  const first = world.value();
  await settle();
  world.nowMs += HOUR_MS;
  release();
  await first;
  expect(world.credential.state().obtainedAt).toBeUndefined();
  await world.value();
  expect(world.exchanges).toBe(2);
});

test('is used to its end while no other can be had, and asked for now and then', async () => {
  const world = new World();
  await world.value();
  world.isDown = true;
  world.nowMs += HOUR_MS - MANDATORY_MS;
  expect(await world.value()).toBe('token-1 for identity-1');
  expect(world.credential.state()).toMatchObject({ isStale: true, obtainedAt: 1_000_000 });
  for (let second = 0; second < 29; second += 1) {
    world.nowMs += 1_000;
    expect(await world.value()).toBe('token-1 for identity-1');
  }
  expect(world.exchanges).toBeLessThanOrEqual(7);
  expect(world.stale).toBe(world.exchanges - 1);
  world.nowMs += 1_000;
  await expect(world.value()).rejects.toThrow(TokenExchangeError);
  world.isDown = false;
  world.nowMs += 60_000;
  expect(await world.value()).toMatch(/^token-/);
  expect(world.credential.state().isStale).toBe(false);
});

test('where there is none, an endpoint that is down is not asked for each job', async () => {
  const world = new World();
  world.isDown = true;
  await Promise.allSettled(Array.from({ length: 20 }, () => world.value()));
  const before = world.exchanges;
  for (let call = 0; call < 20; call += 1) await expect(world.value()).rejects.toThrow(TokenExchangeError);
  expect(world.exchanges).toBe(before);
  world.nowMs += 2_000;
  world.isDown = false;
  expect(await world.value()).toMatch(/^token-/);
});

test('an exchange that was frozen together with the process is not the last word', async () => {
  const world = new World();
  await world.value();
  world.nowMs += HOUR_MS - ADVISORY_MS;
  const { promise, reject } = Promise.withResolvers<void>();
  world.gate = () => promise;
  await world.value();
  world.nowMs += ADVISORY_MS;
  const afterThaw = world.value();
  await settle();
  world.gate = () => Promise.resolve();
  reject(new TokenExchangeError());
  expect(await afterThaw).toBe('token-3 for identity-3');
});

test('a clock that was set back costs one exchange and no call', async () => {
  const world = new World();
  await world.value();
  world.nowMs -= HOUR_MS;
  expect(await world.value()).toBe('token-2 for identity-2');
  await world.value();
  expect(world.exchanges).toBe(2);
});

describe('when it is refused', () => {
  test('one exchange makes another for all that were refused with it', async () => {
    const world = new World();
    const rejected = await world.credential.get();
    const renewed = await Promise.all(Array.from({ length: 20 }, () => world.credential.renew(rejected)));
    expect(new Set(renewed.map(({ value }) => value))).toEqual(new Set(['token-2 for identity-2']));
    expect((await world.credential.renew(rejected)).value).toBe('token-2 for identity-2');
    expect(world).toMatchObject({ exchanges: 2, renewals: 1 });
  });

  test('and the next one too, exchanges are paused', async () => {
    const world = new World();
    let rejected = await world.credential.get();
    for (let refusal = 0; refusal < 100; refusal += 1) {
      rejected = await world.credential.renew(rejected);
      world.nowMs += 100;
    }
    expect(world.renewals).toBeLessThanOrEqual(5);
  });

  test('it is tried on where no other can be had', async () => {
    const world = new World();
    const rejected = await world.credential.get();
    world.isDown = true;
    expect(await world.credential.renew(rejected)).toEqual(rejected);
    expect(world).toMatchObject({ renewals: 1, stale: 1 });
  });

  test('and has ended meanwhile, the error is the endpoint’s', async () => {
    const world = new World();
    const rejected = await world.credential.get();
    world.isDown = true;
    world.nowMs += HOUR_MS;
    await expect(world.credential.renew(rejected)).rejects.toThrow(TokenExchangeError);
  });
});

type Step = { readonly act: 'get' | 'renew' | 'down' | 'up' | 'settle'; readonly waitMs: number };
const steps = fc.array(
  fc.record({
    act: fc.constantFrom<Step['act']>('get', 'get', 'get', 'renew', 'down', 'up', 'settle'),
    waitMs: fc.oneof(fc.nat(2_000), fc.nat(200_000), fc.nat(2 * HOUR_MS)),
  }),
  { maxLength: 60 },
);

test('whatever happens: never a token past its end, never two exchanges at once, never one where a token is fresh', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.integer({ min: 1, max: 7_200 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (plan, lifeSeconds, random) => {
        const world = new World(random);
        world.lifetimeMs = lifeSeconds * 1_000;
        let last = { kind: 'bearer', value: '' } as Awaited<ReturnType<FederatedToken['get']>>;
        for (const { act, waitMs } of plan) {
          world.nowMs += waitMs;
          if (act === 'down' || act === 'up') world.isDown = act === 'down';
          if (act === 'settle') await settle();
          if (act !== 'get' && act !== 'renew') continue;
          const remains = (world.expiries.get(last.value) ?? 0) - world.nowMs;
          const isFresh = act === 'get' && remains > Math.min(1.2 * ADVISORY_MS, world.lifetimeMs / 2);
          const before = world.exchanges;
          const wanted = act === 'get' ? world.credential.get() : world.credential.renew(last);
          const got = await wanted.catch(() => undefined);
          if (isFresh) expect(world.exchanges).toBe(before);
          if (!got) {
            // It has just failed, or so lately that it is not asked again.
            expect(world.nowMs - world.failedAt).toBeLessThan(60_000);
            continue;
          }
          expect(world.expiries.get(got.value)).toBeGreaterThan(world.nowMs);
          last = got;
        }
        expect(world.mostRunning).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 500 },
  );
});
