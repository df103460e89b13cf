import type { ILedgerStore } from '../../../../lambda/runtime/spend/ledger-store';
import {
  DAY_ENDS,
  disagreements,
  Interrupted,
  LEASE_MS,
  memoryWorld,
  NOON,
  opened,
  request,
  type World,
} from './spend-world';

/** What one operation is tried over: prepared by steps that nothing happens to. */
interface Scenario {
  readonly prepare?: (world: World) => Promise<unknown>;
  readonly act: (world: World) => Promise<unknown>;
  /** What is committed in the day when all jobs have ended. @default - what nobody has told of: nothing */
  readonly left?: number;
}

const CUT = { reason: 'leaked key', at: NOON, by: 'on-call' };
const begin = (callId: string, estimate = 100, nowMs = NOON) => ({ callId, estimate, nowMs });
const reserve = ({ ledger }: World, id: string, estimate = 100) => ledger.reserve(request(id, { estimate }));

const begunJob = async (world: World) => {
  await reserve(world, 'j1');
  await world.ledger.begin('j1', begin('1'));
};

/** All that is left is scattered over the shards. */
const scattered = async (world: World) => {
  for (let index = 0; index < 8; index += 1) await reserve(world, `s${index}`, 100);
  for (let index = 0; index < 8; index += 1) await world.ledger.close(`s${index}`);
};

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'the first reservation': { act: (world) => reserve(world, 'j1') },
  'another reservation': { prepare: (world) => reserve(world, 'j0'), act: (world) => reserve(world, 'j1') },
  'a reservation of the last of it': { prepare: scattered, act: (world) => reserve(world, 'j1', 800) },
  'the first call': { prepare: (world) => reserve(world, 'j1'), act: ({ ledger }) => ledger.begin('j1', begin('1')) },
  'a call beside another': { prepare: begunJob, act: ({ ledger }) => ledger.begin('j1', begin('2', 120, DAY_ENDS)) },
  'a settlement': {
    prepare: begunJob,
    act: ({ ledger }) => ledger.settle('j1', { callId: '1', amount: 40 }),
    left: 40,
  },
  'a settlement that closes': {
    prepare: begunJob,
    act: ({ ledger }) => ledger.settle('j1', { callId: '1', amount: 40, close: true }),
    left: 40,
  },
  'a settlement above the estimate': {
    prepare: begunJob,
    act: ({ ledger }) => ledger.settle('j1', { callId: '1', amount: 140, close: true }),
    left: 140,
  },
  'a late settlement': {
    prepare: async (world) => {
      await begunJob(world);
      await world.ledger.close('j1');
    },
    act: ({ ledger }) => ledger.settle('j1', { callId: '1', amount: 40 }),
    left: 40,
  },
  'a closing': { prepare: begunJob, act: ({ ledger }) => ledger.close('j1'), left: 100 },
  'a run of a closed job': {
    prepare: async (world) => {
      await reserve(world, 'j1');
      await world.ledger.close('j1');
    },
    act: ({ ledger }) => ledger.begin('j1', begin('1')),
  },
  'a sweep': { prepare: begunJob, act: ({ ledger }) => ledger.expire({ nowMs: NOON + LEASE_MS + 1 }), left: 100 },
  'a sweep over a job that is alive': {
    prepare: begunJob,
    act: ({ ledger }) => ledger.expire({ nowMs: NOON + LEASE_MS + 1, isAlive: async () => true }),
  },
  'a raised cap': { prepare: begunJob, act: ({ control }) => control.setCaps({ globalDay: 2_000 }, NOON) },
  'a lowered cap': {
    prepare: async (world) => {
      await scattered(world);
      await begunJob(world);
    },
    act: ({ control }) => control.setCaps({ globalDay: 30, globalMonth: 40 }, NOON),
  },
  'a cut-off': { prepare: begunJob, act: ({ control }) => control.cut(CUT) },
  'a restoration': {
    prepare: async (world) => {
      await begunJob(world);
      await world.control.cut(CUT);
    },
    act: ({ control }) => control.restore(NOON),
  },
  'a deploy': { prepare: begunJob, act: ({ control }) => control.syncDeployedCaps({ globalDay: 50 }, NOON) },
};

class Crash extends Error {}

/** The world of a scenario, with a crash at one step of the act; undefined where it has fewer steps. */
const crashAt = async ({ prepare, act }: Scenario, at: number, when: 'before' | 'after') => {
  let interrupted: Interrupted<never> | undefined;
  const numbers = [0, 0.3, 0.6, 0.9];
  let turn = 0;
  const through = <Alongside>(store: ILedgerStore<Alongside>): ILedgerStore<Alongside> => {
    const made = new Interrupted(store);
    interrupted = made as unknown as Interrupted<never>;
    return made;
  };
  const random = () => numbers[turn++ % numbers.length] ?? 0;
  const world = await opened(memoryWorld({ through, random }) as World, { globalDay: 1_000, globalMonth: 5_000 });
  await prepare?.(world);
  const store = interrupted as unknown as Interrupted<never>;
  let steps = 0;
  const hooks = { before: store.before, after: store.after };
  store[when] = () => {
    steps += 1;
    if (steps >= at) throw new Crash();
  };
  const hasCrashed = await act(world).then(
    () => steps >= at,
    () => true,
  );
  Object.assign(store, hooks);
  return hasCrashed ? world : undefined;
};

/** Nobody comes back for what was going on: every lease ends, and half a change is healed. */
const abandon = async ({ ledger, control }: World) => {
  await ledger.expire({ nowMs: DAY_ENDS + 2 * LEASE_MS, limit: 100 });
  await control.heal(NOON);
};

const reservedIn = async ({ control }: World): Promise<number> => {
  const { day, month } = await control.readStatus(NOON);
  return day.reserved + month.reserved;
};

describe.each(Object.entries(SCENARIOS))('a crash in %s', (_what, scenario) => {
  test.each(['before', 'after'] as const)('%s any step: nothing is lost, and a repetition ends it', async (when) => {
    let at = 1;
    for (let world = await crashAt(scenario, at, when); world; world = await crashAt(scenario, at, when)) {
      expect({ at, found: disagreements(world.rows()) }).toEqual({ at, found: [] });
      await scenario.act(world);
      expect({ at, found: disagreements(world.rows()) }).toEqual({ at, found: [] });
      await abandon(world);
      expect({ at, found: disagreements(world.rows()) }).toEqual({ at, found: [] });
      expect(await reservedIn(world)).toBe(0);
      if (scenario.left !== undefined) {
        expect((await world.control.readStatus(NOON)).day.spent).toBe(scenario.left);
      }
      at += 1;
    }
    // A settlement by one commit and its read has two steps.
    expect(at).toBeGreaterThan(2);
  });

  test.each(['before', 'after'] as const)('%s any step, and nobody repeats it: the leases end all', async (when) => {
    let at = 1;
    for (let world = await crashAt(scenario, at, when); world; world = await crashAt(scenario, at, when)) {
      await abandon(world);
      expect({ at, found: disagreements(world.rows()) }).toEqual({ at, found: [] });
      expect(await reservedIn(world)).toBe(0);
      at += 1;
    }
  });
});

describe('whatever of a change of control is made before a crash', () => {
  test.each(['before', 'after'] as const)('a cut-off that crashed %s any step is ended by healing', async (when) => {
    const scenario = SCENARIOS['a cut-off'] as Scenario;
    for (
      let at = 1, world = await crashAt(scenario, 1, when);
      world;
      at += 1, world = await crashAt(scenario, at, when)
    ) {
      await world.control.heal(NOON);
      const { cut } = await world.control.readStatus(NOON);
      const outcome = await world.ledger.reserve(request('j2', { estimate: 1 }));
      expect([at, outcome.kind]).toEqual([at, cut ? 'cut' : 'reserved']);
    }
  });

  test.each(['before', 'after'] as const)(
    'a lowered cap that crashed %s any step is ended by healing',
    async (when) => {
      const scenario = SCENARIOS['a lowered cap'] as Scenario;
      for (
        let at = 1, world = await crashAt(scenario, 1, when);
        world;
        at += 1, world = await crashAt(scenario, at, when)
      ) {
        await world.control.heal(NOON);
        const { caps, day } = await world.control.readStatus(NOON);
        const left = Number(caps.globalDay) - day.committed;
        const outcome = await world.ledger.reserve(request('j2', { estimate: Math.max(0, left) + 1 }));
        expect([at, outcome]).toMatchObject([at, { kind: 'refused', left: Math.max(0, left) }]);
      }
    },
  );
});
