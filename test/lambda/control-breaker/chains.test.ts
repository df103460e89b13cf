import fc from 'fast-check';
import { CircuitBreaker } from '../../../lambda/runtime/breaker/circuit-breaker';
import { UPSTREAM_BREAKER } from '../../../lib/contract/control';
import { ControlWorld, START } from '../doubles/control-world';

const OPEN_FOR_MS = 30_000;
const HOUR_MS = 3_600_000;

type Verdict = 'success' | 'failure' | 'abandon';

/** A breaker that opened a window ago, whose probes end so, and then all in `abandon`; the first message is not sent. */
const atEndOfWindow = async (...verdicts: Verdict[]) => {
  const world = new ControlWorld();
  const breaker = new CircuitBreaker(
    { store: world.store, openForMs: OPEN_FOR_MS, maxOpenForMs: OPEN_FOR_MS, cacheMs: 1, successesToClose: 1_000 },
    { now: () => world.nowMs, random: () => 0, sleep: () => new Promise(() => undefined) },
  );
  const calls: number[] = [];
  world.processor = async () => {
    const permit = await breaker.acquire().catch(() => undefined);
    if (!permit) return true;
    calls.push(world.nowMs);
    await permit[verdicts.shift() ?? 'abandon'](0);
    return true;
  };
  await world.open(30);
  await world.follow();
  world.control.length = 0;
  world.nowMs = START + OPEN_FOR_MS;
  return { world, calls };
};

const remind = (world: ControlWorld, epoch: number) =>
  world.control.push({ message: { kind: 'probe', breaker: UPSTREAM_BREAKER, epoch, idle: 0 }, at: world.nowMs });

test('a thousand abandoned probes are one call and one receive a window', async () => {
  const { world, calls } = await atEndOfWindow();
  world.work.push(...Array.from({ length: 2_000 }, (_, index) => `job-${index}`));
  remind(world, 1);
  await world.run(START + 1_000 * OPEN_FOR_MS + 999);
  expect(calls).toHaveLength(1_000);
  const gaps = calls.slice(1).map((at, index) => at - (calls[index] as number));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(OPEN_FOR_MS);
  expect(world.processed).toHaveLength(1_000);
  expect(world.control).toHaveLength(1);
});

test('two chains that start at once end as one with the first probe', async () => {
  const { world, calls } = await atEndOfWindow();
  world.work.push('a', 'b', 'c', 'd');
  remind(world, 1);
  remind(world, 1);
  await world.run(START + OPEN_FOR_MS);
  expect(calls).toHaveLength(1);
  expect(world.processed).toEqual(['a']);
  expect(world.control.map(({ at }) => at)).toEqual([START + 2 * OPEN_FOR_MS]);
});

test('so do two that are received in the same moment, each with a message of its own', async () => {
  const { world, calls } = await atEndOfWindow();
  world.work.push('a', 'b', 'c', 'd');
  const turn = { kind: 'probe', breaker: UPSTREAM_BREAKER, epoch: 1, turn: '0//', idle: 0 };
  await Promise.all([world.receive(turn), world.receive(turn)]);
  expect(world.processed).toEqual(['a', 'b']);
  await world.follow();
  expect(calls).toHaveLength(1);
  await world.run(START + 2 * OPEN_FOR_MS);
  expect(calls).toHaveLength(2);
  expect(world.processed).toHaveLength(3);
  expect(world.control).toHaveLength(1);
});

test('chains that no probe ends stop by themselves, and leave the rest to the sweeper', async () => {
  const { world } = await atEndOfWindow();
  world.work.push(...Array.from({ length: 100 }, (_, index) => `job-${index}`));
  world.processor = async () => false;
  remind(world, 1);
  remind(world, 1);
  await world.run(START + HOUR_MS);
  expect(world.control).toEqual([]);
  expect(world.processed).toHaveLength(2 * 13);
});

test('of any chains that begin at any time, each window has one call, and one message is left', async () => {
  const chain = fc.record({ afterMs: fc.nat(120_000), copies: fc.integer({ min: 1, max: 4 }) });
  const verdict = fc.constantFrom<Verdict>('failure', 'abandon', 'success', 'abandon');
  await fc.assert(
    fc.asyncProperty(
      fc.array(chain, { minLength: 1, maxLength: 8 }),
      fc.array(verdict, { maxLength: 6 }),
      async (chains, verdicts) => {
        const { world, calls } = await atEndOfWindow(...verdicts);
        world.work.push(...Array.from({ length: 400 }, (_, index) => `job-${index}`));
        remind(world, 1);
        for (const { afterMs, copies } of chains.toSorted((a, b) => a.afterMs - b.afterMs)) {
          await world.run(START + OPEN_FOR_MS + afterMs);
          world.nowMs = Math.max(world.nowMs, START + OPEN_FOR_MS + afterMs);
          const { epoch } = await world.row();
          for (let copy = 0; copy < copies; copy += 1) remind(world, epoch);
        }
        await world.run(START + HOUR_MS);
        calls.slice(1).forEach((at, index) => {
          if (verdicts[index] !== 'success') expect(at - (calls[index] as number)).toBeGreaterThanOrEqual(OPEN_FOR_MS);
        });
        expect(world.processed.length).toBe(calls.length);
        expect(world.control).toHaveLength(1);
      },
    ),
    { numRuns: 50 },
  );
});

describe('a turn that is over', () => {
  /** Half-open, with a probe given back and the time of the next one come. */
  const afterRelease = async () => {
    const { world } = await atEndOfWindow();
    world.work.push('a', 'b');
    remind(world, 1);
    await world.run(START + OPEN_FOR_MS);
    world.control.length = 0;
    world.nowMs = START + 2 * OPEN_FOR_MS;
    return world;
  };

  test('is not gone on with by the sweeper’s message that ended it', async () => {
    const world = await afterRelease();
    const { epoch } = await world.row();
    await world.receive({ kind: 'probe', breaker: UPSTREAM_BREAKER, epoch, idle: 0 });
    expect(world.processed).toEqual(['a', 'b']);
    expect(world.control).toEqual([]);
  });

  test('has no message of its own, though its record comes late', async () => {
    const world = await afterRelease();
    const { nextProbeAt: _, ...before } = await world.row();
    await world.follow({ ...before, probeOwner: 'another', probeUntil: world.nowMs });
    expect(world.control).toEqual([]);
    await world.follow();
    expect(world.control).toHaveLength(1);
  });
});
