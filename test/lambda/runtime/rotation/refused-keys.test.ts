import { GRACE_MS, RotationWorld } from './rotation-world';

/** A pool of three, of which the provider refuses some whatever their status is. */
const makeWorld = (...refusedIds: string[]) => {
  const world = new RotationWorld('key-pool');
  const refused = new Set(refusedIds);
  const works = world.works.bind(world);
  world.works = (value) => {
    const keyId = world.pool.find(({ apiKey }) => apiKey === value.apiKey)?.keyId ?? '';
    return works(value) && !refused.has(keyId);
  };
  /** Ids of the keys that were tried, in order, since the last look. */
  const tried = () => {
    const ids = [...activated];
    activated.length = 0;
    return ids;
  };
  const activated: string[] = [];
  const set = world.statuses.set.bind(world.statuses);
  world.statuses.set = (id, status) => {
    if (status === 'active' && world.statuses.get(id) === 'inactive') activated.push(id);
    return set(id, status);
  };
  return { world, refused, tried };
};

test('a key that was refused at its turn counts as unhealthy from then on, and the sweeper names it', async () => {
  const { world } = makeWorld('apikey_b');
  expect(await world.sweep()).toEqual({ retired: 0, healthy: 3 });
  await world.rotate();
  expect(world.current()).toMatchObject({ keyId: 'apikey_c', refused: { pool: 'pool-1', keyIds: ['apikey_b'] } });
  expect(await world.sweep()).toEqual({ retired: 0, healthy: 2, unhealthy: ['apikey_b'] });
  expect(world.metrics).toContainEqual(['HealthyPoolKeys', 2]);
  await world.rotate();
  expect(world.current()).toMatchObject({ keyId: 'apikey_a', refused: { keyIds: ['apikey_b'] } });
});

test('later rotations pass it over without a try, as long as another works', async () => {
  const { world, tried } = makeWorld('apikey_b');
  await world.rotate();
  expect(tried()).toEqual(['apikey_b', 'apikey_c']);
  for (let turn = 0; turn < 4; turn += 1) {
    world.nowMs += GRACE_MS;
    await world.sweep();
    await world.rotate();
    expect(tried()).not.toContain('apikey_b');
  }
});

test.each(['before', 'after'] as const)(
  'a process that dies at any call, %s its effect, while it passes one over, is made good by a retry',
  async (when) => {
    for (let atCall = 1, died = true; died; atCall += 1) {
      const { world } = makeWorld('apikey_b');
      const token = world.begin();
      world.crash({ atCall, when });
      await world.rotate(token).catch(() => undefined);
      died = world.revive();
      await world.rotate(token);
      expect(world.current()).toMatchObject({ keyId: 'apikey_c', refused: { keyIds: ['apikey_b'] } });
      world.nowMs += GRACE_MS;
      await world.sweep();
      expect(Object.fromEntries(world.statuses)).toEqual({
        apikey_a: 'inactive',
        apikey_b: 'inactive',
        apikey_c: 'active',
      });
    }
  },
);

test('whoever puts the pool anew has its keys judged anew', async () => {
  const { world, refused } = makeWorld('apikey_b');
  await world.rotate();
  await world.rotate();
  world.poolVersion = 'pool-2';
  refused.clear();
  expect(await world.sweep()).toMatchObject({ healthy: 3 });
  await world.rotate();
  expect(world.current()).toEqual(world.pool[1]);
});

test('where no other works it is tried all the same, and trusted again where it does', async () => {
  const { world, refused } = makeWorld('apikey_b');
  await world.rotate();
  refused.clear();
  refused.add('apikey_a');
  await world.rotate();
  expect(world.current()).toEqual({ ...world.pool[1], refused: { pool: 'pool-1', keyIds: ['apikey_a'] } });
  expect((await world.sweep()).unhealthy).toEqual(['apikey_a']);
});

test('a pool of which no key is left says so at once, and the current key stays', async () => {
  const { world } = makeWorld('apikey_b', 'apikey_c');
  await expect(world.rotate()).rejects.toThrow('No other key of the pool works; tried: 2.');
  expect(world.exhausted).toBe(1);
  expect(world.current().keyId).toBe('apikey_a');
});

test('a provider that fails while a key is tried leaves no note of it', async () => {
  const { world } = makeWorld();
  let isBusy = true;
  world.beforeCall = (name) => {
    if (name === 'verify' && isBusy) throw new Error('HTTP 529');
  };
  const token = world.begin();
  await expect(world.rotate(token)).rejects.toThrow('HTTP 529');
  isBusy = false;
  await world.rotate(token);
  expect(world.current()).toEqual(world.pool[1]);
});

test.each([null, 7, [], { pool: 1, keyIds: [] }, { pool: 'pool-1' }, { pool: 'pool-1', keyIds: 'apikey_b' }])(
  'a note that cannot be read is none: %j',
  async (refused) => {
    const { world } = makeWorld();
    const first = world.versions.get('first');
    if (first) first.text = JSON.stringify({ ...world.pool[0], refused });
    expect(await world.sweep()).toEqual({ retired: 0, healthy: 3 });
    await world.rotate();
    expect(world.current()).toEqual(world.pool[1]);
  },
);
