import fc from 'fast-check';
import { isTooLate, Turns } from '../../../lambda/process-job/turns';

/** Times of the event loop for which a job runs. */
const pass = async (ticks: number) => {
  for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
};

interface Run {
  readonly waits: boolean;
  readonly before: number;
  readonly ticks: number;
}

/** Runs a batch; answers which records ran in which order, and who ran beside whom. */
const runBatch = async (records: readonly Run[], random: () => number) => {
  const turns = new Turns(records.length, random);
  const running = new Set<number>();
  const order: number[] = [];
  const beside: number[][] = [];
  const runOne = async (position: number, { waits, before, ticks }: Run) => {
    await pass(before);
    if (waits) await turns.wait();
    running.add(position);
    order.push(position);
    beside.push([...running]);
    await pass(ticks);
    running.delete(position);
    turns.leave();
  };
  await Promise.all(records.map((record, position) => runOne(position, record)));
  return { order, beside };
};

const record = fc.record({ waits: fc.boolean(), before: fc.nat(5), ticks: fc.nat(5) });
const chances = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));

test('every job runs once; one that waits for its turn runs alone, after all that do not', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 10 }), chances, async (records, chance) => {
      const { order, beside } = await runBatch(records, () => chance.next().value);
      expect(order.toSorted((a, b) => a - b)).toEqual(records.map((_, position) => position));
      for (const others of beside) {
        if (others.some((position) => records[position]?.waits)) expect(others).toHaveLength(1);
      }
      const firstTurn = order.findIndex((position) => records[position]?.waits);
      if (firstTurn >= 0) expect(order.slice(firstTurn).every((position) => records[position]?.waits)).toBe(true);
    }),
  );
});

test.each([
  [0, [0, 1, 2]],
  [0.99, [2, 1, 0]],
  [0.5, [1, 2, 0]],
])('chance decides who of those that wait is next: %d', async (chance, expected) => {
  const records = Array.from({ length: 3 }, () => ({ waits: true, before: 0, ticks: 1 }));
  expect((await runBatch(records, () => chance)).order).toEqual(expected);
});

test.each([
  [5_000, false],
  [5_001, true],
])('a turn after %d of 10000 ms is too late: %s', (waitedMs, expected) => {
  expect(isTooLate({ startedAt: 1_000, deadline: 11_000, nowMs: 1_000 + waitedMs })).toBe(expected);
});
