import { randomUUID } from 'node:crypto';
import { keyNamePrefix } from '../../../../lambda/runtime/rotation/strategies/open-ai-admin';
import { ARN } from './provider-world';
import { GRACE_MS, RotationWorld } from './rotation-world';

/** Runs once, at the next call of a name. */
const atNext = (world: RotationWorld, name: string, work: () => void) => {
  world.beforeCall = (called) => {
    if (called !== name) return;
    world.beforeCall = () => undefined;
    work();
  };
};

const textOf = ({ keyId, apiKey }: { readonly keyId: string; readonly apiKey: string }) =>
  JSON.stringify({ apiKey, keyId });

test('a key that another run of the rotation has forestalled is ended at once', async () => {
  const world = new RotationWorld('openai-admin');
  const token = world.begin();
  atNext(world, 'put', () => {
    const version = world.versions.get(token);
    if (version) version.text = JSON.stringify({ apiKey: randomUUID(), keyId: 'key_forestalling' });
  });
  await expect(world.rotate(token)).rejects.toThrow('Another run of this rotation has stored another value.');
  expect([...world.minted.keys()]).toEqual(['key_0']);
});

test('after a way back to an old version, what was current in between keeps its grace', async () => {
  const world = new RotationWorld('openai-admin');
  await world.rotate();
  const between = world.current();
  world.nowMs += 1;
  const last = await world.rotate();
  await world.promote('first', last);
  world.nowMs += GRACE_MS - 1;
  await world.sweep();
  expect(world.works(between)).toBe(true);
});

test('a key that is minted while the sweeper looks is not taken for an abandoned one', async () => {
  const world = new RotationWorld('openai-admin');
  atNext(world, 'list keys', () => {
    const token = world.begin();
    world.minted.set('key_new', { name: keyNamePrefix(ARN) + token, value: randomUUID() });
  });
  expect((await world.sweep()).retired).toBe(0);
  expect(world.minted.has('key_new')).toBe(true);
});

test('the sweeper leaves the pool alone while a rotation tries its keys', async () => {
  const world = new RotationWorld('key-pool');
  world.begin();
  world.statuses.set('apikey_b', 'active');
  expect((await world.sweep()).retired).toBe(0);
  expect(world.statuses.get('apikey_b')).toBe('active');
});

test('the sweeper takes back what it did to a key that became pending meanwhile', async () => {
  const world = new RotationWorld('key-pool');
  const [, second] = world.pool;
  if (!second) throw new Error('the pool is too small');
  world.statuses.set(second.keyId, 'active');
  atNext(world, 'set inactive', () => {
    const version = world.versions.get(world.begin());
    if (version) version.text = textOf(second);
  });
  expect((await world.sweep()).retired).toBe(0);
  expect(world.statuses.get(second.keyId)).toBe('active');
});

test('a pending key that the sweeper made inactive before it was stored is active again', async () => {
  const world = new RotationWorld('key-pool');
  const token = world.begin();
  await world.step(token, 'createSecret');
  world.statuses.set('apikey_b', 'inactive');
  await world.rotate(token);
  expect(world.current().keyId).toBe('apikey_b');
});

test('the client key of an abandoned rotation makes room for the next', async () => {
  const world = new RotationWorld('client-key');
  const token = world.begin();
  for (const step of ['createSecret', 'setSecret']) await world.step(token, step);
  await world.removePending(token);
  expect(world.clientKeys).toHaveLength(2);
  await world.rotate();
  expect(world.works(world.current())).toBe(true);
  expect(world.clientKeys).toHaveLength(2);
});
