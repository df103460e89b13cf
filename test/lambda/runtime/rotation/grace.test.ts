import { GRACE_MS, RotationWorld } from './rotation-world';

const DAY_MS = 86_400_000;

/** Stores another value of a rotation that is then given up. */
const abandon = async (world: RotationWorld): Promise<string> => {
  const token = world.begin();
  await world.step(token, 'createSecret');
  await world.removePending(token);
  return token;
};

test.each(['openai-admin', 'key-pool'] as const)(
  '%s: rotating as often as the grace is long ends the key before the previous one',
  async (kind) => {
    const world = new RotationWorld(kind);
    for (let turn = 0; turn < 12; turn += 1) {
      await world.rotate();
      world.nowMs += GRACE_MS / 2;
      await world.sweep();
      world.nowMs += GRACE_MS / 2 - 1;
      await world.sweep();
      expect(world.works(world.current())).toBe(true);
    }
    expect(world.liveKeys()).toBeLessThanOrEqual(3);
    expect(world.mintCount).toBe(kind === 'openai-admin' ? 12 : 0);
  },
);

test('four rotations within one grace keep every key for its whole grace, and not for ever', async () => {
  const world = new RotationWorld('openai-admin');
  const replaced: { readonly apiKey: string; readonly at: number }[] = [];
  for (let turn = 0; turn < 40; turn += 1) {
    const { apiKey } = world.current();
    await world.rotate();
    replaced.push({ apiKey, at: world.nowMs });
    world.nowMs += GRACE_MS / 4;
    await world.sweep();
    for (const { apiKey: old, at } of replaced) {
      if (world.nowMs - at < GRACE_MS) expect(world.works({ apiKey: old })).toBe(true);
      if (world.nowMs - at > 2 * GRACE_MS) expect(world.works({ apiKey: old })).toBe(false);
    }
  }
});

test('abandoned rotations do not pass for successors: the key is in use until one that took over', async () => {
  const world = new RotationWorld('openai-admin');
  const old = world.current();
  for (let turn = 0; turn < 3; turn += 1) {
    await abandon(world);
    world.nowMs += GRACE_MS;
  }
  await world.rotate();
  world.nowMs += GRACE_MS / 4;
  await world.rotate();
  world.nowMs += GRACE_MS / 2;
  await world.sweep();
  expect(world.works(old)).toBe(true);
  world.nowMs += GRACE_MS / 2;
  await world.sweep();
  expect(world.works(old)).toBe(false);
});

describe('after two ways back by hand', () => {
  const movedBack = async () => {
    const world = new RotationWorld('openai-admin');
    const first = await world.rotate();
    world.nowMs += 30 * DAY_MS;
    const second = await world.rotate();
    world.nowMs += 30 * DAY_MS;
    const inUse = world.current();
    await world.promote(first, second);
    await world.promote('first', first);
    return { world, inUse };
  };

  test('the key that was current a moment ago has its grace', async () => {
    const { world, inUse } = await movedBack();
    world.nowMs += GRACE_MS - 1;
    await world.sweep();
    expect(world.works(inUse)).toBe(true);
    world.nowMs += 1;
    await world.sweep();
    expect(world.works(inUse)).toBe(false);
  });

  test('it has it too where a rotation follows at once', async () => {
    const { world, inUse } = await movedBack();
    world.minted.set('key_0', { name: 'by hand', value: world.current().apiKey });
    world.nowMs += 1;
    await world.rotate();
    world.nowMs += GRACE_MS - 1;
    await world.sweep();
    expect(world.works(inUse)).toBe(true);
    world.nowMs += 1;
    await world.sweep();
    expect(world.works(inUse)).toBe(false);
  });
});

describe('a key that was current a moment ago has its grace', () => {
  /** Three rotations with a month between, and then the label is moved by hand; answers the keys by version. */
  const moved = async (...way: readonly number[]) => {
    const world = new RotationWorld('openai-admin');
    const versions = ['first'];
    const keys = [world.current()];
    for (let turn = 0; turn < 3; turn += 1) {
      versions.push(await world.rotate());
      keys.push(world.current());
      world.nowMs += 30 * DAY_MS;
    }
    for (const to of way) await world.promote(versions[to] ?? '', world.currentVersion());
    world.nowMs += GRACE_MS - 1;
    await world.sweep();
    return (version: number) => world.works({ apiKey: keys[version]?.apiKey ?? '' });
  };

  test('where the label went back and forth, also if it succeeded the one that is current again', async () => {
    const works = await moved(1, 3, 0);
    expect(works(1)).toBe(true);
    expect(works(3)).toBe(true);
  });

  test('where the label went back further and forth again', async () => {
    const works = await moved(0, 1);
    expect(works(3)).toBe(true);
  });
});

test('a version without the note of its predecessor ends no grace before the last rotations', async () => {
  const world = new RotationWorld('openai-admin');
  const old = world.current();
  await world.rotate();
  world.nowMs += DAY_MS;
  const third = await world.rotate();
  for (const version of world.versions.values()) {
    const { replaces, ...value } = JSON.parse(version.text ?? '{}');
    expect([undefined, 'first', [...world.versions.keys()][1]]).toContain(replaces);
    version.text = JSON.stringify(value);
  }
  expect(world.currentVersion()).toBe(third);
  world.nowMs += GRACE_MS - 1;
  await world.sweep();
  expect(world.works(old)).toBe(true);
  world.nowMs += 1;
  await world.sweep();
  expect(world.works(old)).toBe(false);
});
