import type { Crash } from '../doubles/cloud';
import { CAPS, CUT_OFF, OPEN, OPERATOR, SpendWorld } from './spend-world';

const bothSides = (steps: readonly string[]) =>
  steps.flatMap((name, index): (Crash & { name: string })[] => [
    { name, atStep: index + 1, when: 'before' },
    { name, atStep: index + 1, when: 'after' },
  ]);

const cap = CAPS.globalDay;
const cut = { action: 'cut', by: OPERATOR, reason: 'INC-7' } as const;
const restore = { action: 'restore', by: OPERATOR, reason: 'INC-7 is over' } as const;

/** A world whose cap of the day is used up, and whose month has begun in the ledger. */
const usedUp = async () => {
  const world = new SpendWorld();
  await world.open();
  await world.spend(cap, cap);
  world.steps.length = 0;
  return world;
};

/** A world that is cut off, on the next day. */
const cutOff = async () => {
  const world = await usedUp();
  await world.run();
  world.nowMs += 86_400_000;
  world.steps.length = 0;
  return world;
};

const stepsOf = async (world: SpendWorld, act: (world: SpendWorld) => Promise<unknown>) => {
  await act(world);
  return [...world.steps];
};

const RUN = (world: SpendWorld) => world.run();
const CUT = (world: SpendWorld) => Promise.resolve(world.ask(cut));
const RESTORE = (world: SpendWorld) => Promise.resolve(world.ask(restore));

const PLANS = ['read plan', 'read plan'];

/** Deployed caps, settings, the one shard that has a row, and then everything else. */
const CUTTING_OFF = [
  ...['read ledger', 'read ledger', 'read ledger'],
  ...['read ledger', 'write ledger', 'read ledger', 'write ledger', 'read ledger', 'read ledger'],
  ...['read hold', 'replace hold', 'read consumer', 'pause', ...PLANS, 'replace hold'],
  ...['throttle plan', 'throttle plan', 'audit', 'replace hold', 'read ledger'],
];

/** The claim of a warning goes on beside the steps that follow the ledger. */
const CLAIMS = 1;

test('a run that cuts off takes these steps, the ledger’s first', async () => {
  const steps = await stepsOf(await usedUp(), RUN);
  expect(steps.filter((step) => step !== 'claim')).toEqual(CUTTING_OFF);
  expect(steps).toHaveLength(CUTTING_OFF.length + CLAIMS);
});

describe('a run that dies while it cuts off', () => {
  const all = [...CUTTING_OFF, ...Array.from({ length: CLAIMS }, () => 'claim')];

  test.each(bothSides(all))('$when step $atStep is made good by the next', async (crash) => {
    const world = await usedUp();
    world.crash(crash);
    await expect(world.run()).rejects.toThrow();
    expect(world.revive()).toBe(true);
    await world.run();
    expect(world.isCutOff()).toBe(true);
    expect(await world.canSpend()).toBe(false);
    expect(world.around()).toEqual(CUT_OFF);
    expect(world.held?.throttles).toEqual({ plan1: OPEN.plan1, plan2: OPEN.plan2 });
    expect(world.audit.size).toBe(1);
    world.nowMs += 86_400_000;
    await world.ask(restore);
    await world.settle();
    expect(world.around()).toEqual(OPEN);
    expect(await world.canSpend()).toBe(true);
  });
});

describe.each([
  ['restoring', cutOff, RESTORE],
  ['cutting off by an operator’s hand', async () => fresh(), CUT],
] as const)('an invocation that dies while %s', (_, prepare, act) => {
  test('is made good by the next runs, whichever step it was: everything follows the ledger', async () => {
    const steps = await stepsOf(await prepare(), act);
    expect(steps.length).toBeGreaterThan(12);
    const ends = { cut: 0, open: 0 };
    for (const crash of bothSides(steps)) {
      const world = await prepare();
      world.crash(crash);
      await act(world).catch(() => undefined);
      expect(world.revive()).toBe(true);
      await world.settle();
      ends[world.isCutOff() ? 'cut' : 'open'] += 1;
      expect({ crash, around: world.around() }).toEqual({ crash, around: world.isCutOff() ? CUT_OFF : OPEN });
      expect(await world.canSpend()).toBe(!world.isCutOff());
      // Whatever became of it, the same command once more ends as if nothing had happened.
      await act(world);
      await world.settle();
      expect(world.around()).toEqual(act === CUT ? CUT_OFF : OPEN);
    }
    // Before the ledger's settings nothing has happened, and after them all will: both are among the crashes.
    expect(ends.cut).toBeGreaterThan(2);
    expect(ends.open).toBeGreaterThan(2);
  });
});

const fresh = async () => {
  const world = new SpendWorld();
  await world.open();
  await world.spend(1_000, 1_000);
  world.steps.length = 0;
  return world;
};

test('a crash after each of several runs in a row is made good as well', async () => {
  const world = await usedUp();
  for (let atStep = CUTTING_OFF.length; atStep > 0; atStep -= 3) {
    world.crash({ atStep, when: 'after' });
    await world.run().catch(() => undefined);
    world.revive();
  }
  await world.run();
  expect(world.around()).toEqual(CUT_OFF);
  expect(world.audit.size).toBe(1);
});
