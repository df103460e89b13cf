import { newToken } from './mortal-calls';
import { GRACE_MS, RotationWorld } from './rotation-world';

const DAY_MS = 86_400_000;

describe('key-pool', () => {
  /** The pool without its first key, which is current: somebody took the leaked one out before it was revoked. */
  const withoutItsCurrent = async () => {
    const world = new RotationWorld('key-pool');
    const leaked = world.current();
    world.pool.shift();
    await world.rotate();
    return { world, leaked };
  };

  test('archives a leaked key that is not in the pool any more', async () => {
    const { world, leaked } = await withoutItsCurrent();
    expect(await world.sweep({ revoke: true })).toEqual({ retired: 1, healthy: 2 });
    expect(world.statuses.get(leaked.keyId ?? '')).toBe('archived');
  });

  test('ends it after its grace where nobody revokes it', async () => {
    const { world, leaked } = await withoutItsCurrent();
    world.nowMs += GRACE_MS;
    expect((await world.sweep()).retired).toBe(1);
    expect(world.statuses.get(leaked.keyId ?? '')).toBe('inactive');
  });

  test('says that a leaked key without an id, which is not in the pool, may work still', async () => {
    const world = new RotationWorld('key-pool');
    const first = world.versions.get('first');
    const unknown = newToken();
    if (first) first.text = JSON.stringify({ apiKey: unknown });
    const works = world.works.bind(world);
    world.works = (value) => value.apiKey === unknown || works(value);
    await world.rotate();
    expect(await world.sweep({ revoke: true })).toMatchObject({ unended: 1 });
    expect(world.warnings).toContainEqual(['Leaked keys may work still', { unended: 1 }]);
    world.works = (value) => value.apiKey !== unknown && works(value);
    expect((await world.sweep({ revoke: true })).unended).toBeUndefined();
  });

  test('after a full turn archives the leaked key alone, and the next rotation finds another', async () => {
    const world = new RotationWorld('key-pool');
    for (let turn = 0; turn < 3; turn += 1) {
      await world.rotate();
      world.nowMs += 30 * DAY_MS;
      await world.sweep();
    }
    await world.rotate();
    expect(await world.sweep({ revoke: true })).toEqual({ retired: 1, healthy: 2, unhealthy: ['apikey_a'] });
    expect(Object.fromEntries(world.statuses)).toEqual({
      apikey_a: 'archived',
      apikey_b: 'active',
      apikey_c: 'inactive',
    });
    await world.rotate();
    expect(world.current().keyId).toBe('apikey_c');
  });

  test('archives the key that is named, and leaves the previous one its grace', async () => {
    const world = new RotationWorld('key-pool');
    const [first, second] = world.pool;
    await world.rotate();
    await world.rotate();
    await world.sweep({ revoke: true, keyId: first?.keyId ?? '' });
    expect(world.statuses.get('apikey_a')).toBe('archived');
    expect(second && world.works(second)).toBe(true);
  });

  test('never ends the current key, also where it is named, and says so', async () => {
    const world = new RotationWorld('key-pool');
    await world.rotate();
    expect(await world.sweep({ revoke: true, keyId: 'apikey_b' })).toMatchObject({ retired: 0, unended: 1 });
    expect(world.works(world.current())).toBe(true);
  });
});

test.each(['random', 'openai-admin'] as const)(
  '%s: a leaked key that cannot be found counts as not ended',
  async (kind) => {
    const world = new RotationWorld(kind);
    await world.rotate();
    expect(await world.sweep({ revoke: true, keyId: 'key_unknown' })).toEqual({ retired: 0, unended: 1 });
  },
);

test('openai-admin: says that a leaked key of which nobody noted the id may work still', async () => {
  const world = new RotationWorld('openai-admin');
  const first = world.versions.get('first');
  if (first) first.text = JSON.stringify({ apiKey: world.current().apiKey });
  await world.rotate();
  expect(await world.sweep({ revoke: true })).toEqual({ retired: 0, unended: 1 });
  world.minted.delete('key_0');
  expect(await world.sweep({ revoke: true })).toEqual({ retired: 0 });
});

test('openai-admin: a leaked key counts as not ended while the provider cannot say', async () => {
  const world = new RotationWorld('openai-admin');
  await world.rotate();
  world.minted.delete('key_0');
  world.beforeCall = (name) => {
    if (name === 'verify') throw new Error('HTTP 529');
  };
  expect(await world.sweep({ revoke: true })).toEqual({ retired: 0, unended: 1 });
});

test('client-key: says that the last key of a client was left, though it leaked', async () => {
  const world = new RotationWorld('client-key');
  await world.rotate();
  world.clientKeys = world.clientKeys.slice(0, 1);
  expect(await world.sweep({ revoke: true })).toEqual({ retired: 0, unended: 1 });
});
