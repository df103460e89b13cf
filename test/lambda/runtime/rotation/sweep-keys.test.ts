import { randomUUID } from 'node:crypto';
import { keyNamePrefix } from '../../../../lambda/runtime/rotation/strategies/open-ai-admin';
import { ARN, STRATEGIES } from './provider-world';
import { GRACE_MS, RotationWorld } from './rotation-world';

const DAY_MS = 86_400_000;
const PROVIDERS = STRATEGIES.filter((kind) => kind !== 'random');

describe.each(PROVIDERS)('%s', (kind) => {
  test('ends a replaced key when its grace is over, and not a millisecond before', async () => {
    const world = new RotationWorld(kind);
    const old = world.current();
    await world.rotate();
    world.nowMs += GRACE_MS - 1;
    expect((await world.sweep()).retired).toBe(0);
    expect(world.works(old)).toBe(true);
    world.nowMs += 1;
    expect((await world.sweep()).retired).toBe(1);
    expect([world.works(old), world.works(world.current())]).toEqual([false, true]);
    expect((await world.sweep()).retired).toBe(0);
  });

  test('grace begins anew with any change of the secret: it does not say when it was promoted', async () => {
    const world = new RotationWorld(kind);
    const old = world.current();
    await world.rotate();
    world.nowMs += GRACE_MS;
    await world.removePending('first');
    expect((await world.sweep()).retired).toBe(0);
    expect(world.works(old)).toBe(true);
  });

  test('ends no key where the current value is of no use', async () => {
    const world = new RotationWorld(kind);
    const token = await world.rotate();
    world.nowMs += GRACE_MS;
    const current = world.versions.get(token);
    if (current) current.text = 'changeme';
    const live = world.liveKeys();
    await expect(world.sweep()).rejects.toThrow('The rotated secret is not JSON.');
    expect(world.liveKeys()).toBe(live);
  });

  test('revokes without grace, but neither the current key nor the pending one', async () => {
    const world = new RotationWorld(kind);
    const old = world.current();
    await world.rotate();
    expect((await world.sweep({ revoke: true })).retired).toBe(1);
    expect([world.works(old), world.works(world.current())]).toEqual([false, true]);

    const before = world.current();
    const token = world.begin();
    for (const step of ['createSecret', 'setSecret']) await world.step(token, step);
    expect((await world.sweep({ revoke: true })).retired).toBe(0);
    await world.rotate(token);
    expect([world.works(before), world.works(world.current())]).toEqual([true, true]);
  });

  test('a sweep between any two calls of a rotation harms nothing', async () => {
    const counted = new RotationWorld(kind);
    await counted.rotate();
    for (let at = 1; at <= counted.calls.length; at += 1) {
      const world = new RotationWorld(kind);
      let calls = 0;
      let sweeping: Promise<unknown> | undefined;
      world.beforeCall = () => {
        calls += 1;
        if (calls === at) sweeping = world.sweep();
      };
      await world.rotate();
      await sweeping;
      expect({ at, works: world.works(world.current()) }).toEqual({ at, works: true });
    }
  });
});

test.each(STRATEGIES)('%s: says how old the current value is, and what it ended', async (kind) => {
  const world = new RotationWorld(kind);
  await world.rotate();
  world.nowMs += 2.5 * DAY_MS;
  const { retired } = await world.sweep();
  expect(world.metrics).toContainEqual(['SecretAgeDays', 2.5]);
  expect(world.metrics).toContainEqual(['KeysRetired', retired]);
});

test('gives up a rotation that has not ended within a day, and says so', async () => {
  const world = new RotationWorld('random');
  const token = world.begin();
  world.nowMs += DAY_MS - 1;
  await world.sweep();
  expect(world.pendingVersion()).toBe(token);
  expect(() => world.begin()).toThrow('A previous rotation is not complete.');
  world.nowMs += 1;
  await world.sweep();
  expect(world.pendingVersion()).toBeUndefined();
  expect(world.warnings).toHaveLength(1);
  await world.rotate();
});

describe('openai-admin', () => {
  test('ends what an abandoned rotation has left, whatever became of its value', async () => {
    const world = new RotationWorld('openai-admin');
    world.minted.set('key_lost', { name: `${keyNamePrefix(ARN)}${randomUUID()}`, value: randomUUID() });
    world.minted.set('key_other', { name: 'of somebody else', value: randomUUID() });
    expect((await world.sweep()).retired).toBe(1);
    expect([...world.minted.keys()]).toEqual(['key_0', 'key_other']);
  });

  test('leaves the key of a rotation alone that has no value yet', async () => {
    const world = new RotationWorld('openai-admin');
    const token = world.begin();
    world.minted.set('key_open', { name: `${keyNamePrefix(ARN)}${token}`, value: randomUUID() });
    expect((await world.sweep()).retired).toBe(0);
  });

  test('ends no key of a name while nobody knows which one is current', async () => {
    const world = new RotationWorld('openai-admin');
    const first = world.versions.get('first');
    if (first) first.text = JSON.stringify({ apiKey: world.current().apiKey });
    world.minted.set('key_lost', { name: `${keyNamePrefix(ARN)}${randomUUID()}`, value: randomUUID() });
    expect((await world.sweep()).retired).toBe(0);
  });
});

describe('key-pool', () => {
  test('says how many keys are current or could be', async () => {
    const world = new RotationWorld('key-pool');
    expect((await world.sweep()).healthy).toBe(3);
    world.statuses.set('apikey_c', 'archived');
    expect((await world.sweep()).healthy).toBe(2);
    expect(world.metrics).toContainEqual(['HealthyPoolKeys', 2]);
  });

  test('makes idle keys inactive, so that only those in use work', async () => {
    const world = new RotationWorld('key-pool');
    world.statuses.set('apikey_c', 'active');
    world.statuses.set('apikey_not_of_the_pool', 'active');
    expect(await world.sweep()).toEqual({ retired: 1, healthy: 3 });
    expect(world.statuses.get('apikey_not_of_the_pool')).toBe('active');
  });

  test('a revoked key is archived and never current again; one that nobody ever had stays', async () => {
    const world = new RotationWorld('key-pool');
    await world.rotate();
    expect(await world.sweep({ revoke: true })).toEqual({ retired: 1, healthy: 2, unhealthy: ['apikey_a'] });
    expect(Object.fromEntries(world.statuses)).toEqual({
      apikey_a: 'archived',
      apikey_b: 'active',
      apikey_c: 'inactive',
    });
    await world.rotate();
    await world.rotate();
    expect(world.current().keyId).toBe('apikey_b');
  });
});

test('client-key: a client is never left without a key', async () => {
  const world = new RotationWorld('client-key');
  await world.rotate();
  world.nowMs += GRACE_MS;
  world.clientKeys = world.clientKeys.slice(0, 1);
  expect((await world.sweep()).retired).toBe(0);
  expect(world.clientKeys).toHaveLength(1);
});
