import fc from 'fast-check';
import { CAPS, CUT_OFF, OPEN, SpendWorld } from './spend-world';
import { type Turn, Turns } from './turns';

type Actor = 'run' | 'cut' | 'restore' | 'set';

const cap = CAPS.globalDay;

const act = (world: SpendWorld, actor: Actor, index: number): Promise<unknown> => {
  const order = { by: `operator-${index}`, reason: 'a drill' };
  switch (actor) {
    case 'run':
      return world.run();
    case 'cut':
      return Promise.resolve(world.ask({ action: 'cut', ...order }));
    case 'restore':
      return Promise.resolve(world.ask({ action: 'restore', force: true, ...order }));
    case 'set':
      return Promise.resolve(world.ask({ action: 'set', day: cap * 2, ...order }));
  }
};

/** A world whose ledger is cut off or not, without anything that follows it yet, and with its cap used up or not. */
const prepare = async (isCut: boolean, isUsedUp: boolean) => {
  const world = new SpendWorld();
  await world.open();
  if (isUsedUp) await world.spend(cap, cap);
  if (isCut) await world.plain.cut({ by: 'before', reason: 'before', at: world.nowMs });
  return world;
};

/** Whatever became of each, once nobody acts any more everything follows the ledger. */
const expectConverged = async (world: SpendWorld) => {
  await world.settle();
  expect(world.around()).toEqual(world.isCutOff() ? CUT_OFF : OPEN);
  expect(await world.canSpend()).toBe(!world.isCutOff());
};

const actors = fc.array(fc.constantFrom<Actor>('run', 'cut', 'restore', 'restore', 'set'), {
  minLength: 2,
  maxLength: 3,
});
const turns = fc.array(fc.record({ actor: fc.nat(2), steps: fc.integer({ min: 1, max: 30 }) }), { maxLength: 8 });

/** Lets all act side by side in these turns. */
const actAll = async (
  world: SpendWorld,
  all: readonly Actor[],
  given: readonly Turn[],
  fails: readonly number[] = [],
) => {
  const order = new Turns();
  let steps = 0;
  world.before = async () => {
    await order.step();
    steps += 1;
    if (fails.includes(steps)) throw new Error('this step fails');
  };
  const ended = Promise.allSettled(all.map((actor, index) => order.run(index, () => act(world, actor, index))));
  await order.give(given, ended);
  world.before = () => undefined;
};

test('of runs and operators side by side, in any turns, none leaves anything that does not follow the ledger', async () => {
  await fc.assert(
    fc.asyncProperty(actors, turns, fc.boolean(), fc.boolean(), async (all, given, isCut, isUsedUp) => {
      const world = await prepare(isCut, isUsedUp);
      await actAll(world, all, given);
      await expectConverged(world);
    }),
    { numRuns: 500 },
  );
}, 60_000);

test('nor where some of their steps fail', async () => {
  const fails = fc.array(fc.nat(60), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(actors, turns, fc.boolean(), fails, async (all, given, isCut, failing) => {
      const world = await prepare(isCut, true);
      await actAll(world, all, given, failing);
      await expectConverged(world);
    }),
    { numRuns: 300 },
  );
}, 60_000);

test('two runs of the same minute cut off once, and both say so', async () => {
  const world = await prepare(false, true);
  await Promise.all([world.run(), world.run()]);
  expect(world.around()).toEqual(CUT_OFF);
  expect(world.audit.size).toBe(1);
});

test('an operator who restores beside a run that is cutting off has the last word', async () => {
  const world = await prepare(true, false);
  let restored = false;
  world.before = async (step) => {
    if (step !== 'throttle plan' || restored) return;
    restored = true;
    await world.ask({ action: 'restore', by: 'operator', reason: 'false alarm' });
  };
  world.plans.set('plan1', OPEN.plan1);
  await world.run();
  world.followMessages();
  expect(restored).toBe(true);
  expect(world.isCutOff()).toBe(false);
  expect(world.around()).toEqual(OPEN);
});
