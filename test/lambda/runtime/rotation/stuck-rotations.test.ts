import { hosted } from '../../../../lambda/runtime/rotation/strategies/hosted';
import { sweepKeys } from '../../../../lambda/runtime/rotation/sweep-keys';
import { GRACE_MS, RotationWorld } from './rotation-world';

const DAY_MS = 86_400_000;
const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

test.each(['openai-admin', 'key-pool', 'client-key'] as const)(
  '%s: what the sweeper gives up while it is being promoted works on',
  async (kind) => {
    const world = new RotationWorld(kind);
    const token = world.begin();
    for (const step of ['createSecret', 'setSecret']) await world.step(token, step);
    world.nowMs += DAY_MS;
    let sweeping: Promise<unknown> | undefined;
    const promote = world.promote.bind(world);
    world.promote = async (to, from) => {
      sweeping = world.sweep();
      await sweeping;
      return promote(to, from);
    };
    await world.rotate(token);
    expect(sweeping).toBeDefined();
    expect(world.currentVersion()).toBe(token);
    expect(world.works(world.current())).toBe(true);
  },
);

test('what was given up is ended by the next sweep', async () => {
  const world = new RotationWorld('openai-admin');
  const token = world.begin();
  await world.step(token, 'createSecret');
  world.nowMs += DAY_MS;
  expect((await world.sweep()).retired).toBe(0);
  expect(world.pendingVersion()).toBeUndefined();
  expect((await world.sweep()).retired).toBe(1);
  expect(world.liveKeys()).toBe(1);
});

test('a version that has a label and is in no list is given up too', async () => {
  const world = new RotationWorld('random');
  const token = world.begin();
  const list = world.list.bind(world);
  world.list = async () => (await list()).filter(({ versionId }) => versionId !== token);
  world.nowMs += DAY_MS;
  await world.sweep();
  expect(world.pendingVersion()).toBeUndefined();
});

test("a pending value of AWS's own rotation keeps its label: it may be the only one that works", async () => {
  const world = new RotationWorld('random');
  const token = world.begin();
  world.nowMs += 30 * DAY_MS;
  const counted: string[] = [];
  const count = (name: string) => void counted.push(name);
  const dependencies = { versions: world, strategy: hosted(), graceMs: GRACE_MS, now: () => world.nowMs, count, log };
  expect(await sweepKeys({ ...dependencies, isHosted: true })).toEqual({ retired: 0 });
  expect(world.pendingVersion()).toBe(token);
  expect(counted).toContain('SecretAgeDays');
});

test.each(['generate', 'discard', 'apply', 'verify'] as const)("AWS's own rotation is not ours: %s", async (step) => {
  await expect(hosted()[step]({ token: '', apiKey: '' }, { keep: [], retirable: [] })).rejects.toThrow(
    "The secret is rotated by AWS's own function.",
  );
});

test('key-pool: a key that works a little after it was made active is waited for', async () => {
  const world = new RotationWorld('key-pool');
  const works = world.works.bind(world);
  let waits = 0;
  world.works = (value) => waits > 1 && works(value);
  world.beforeCall = (name) => {
    if (name === 'sleep') waits += 1;
  };
  await world.rotate();
  expect(world.current().keyId).toBe('apikey_b');
});
