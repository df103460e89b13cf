import { DynamoDBClient, type GetItemCommand, type PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { IBreakerStore } from '../../../../lambda/runtime/breaker/breaker-store';
import { DynamoDbBreakerStore } from '../../../../lambda/runtime/breaker/dynamodb-breaker-store';
import { MemoryBreakerStore } from '../../../../lambda/runtime/breaker/memory-breaker-store';
import { stateOf } from '../../../../lambda/runtime/breaker/transitions';
import type { BreakerRow } from '../../../../lib/contract/control';
import { DynamoDbDouble, type Perform } from '../../doubles/dynamodb';

const TABLE = 'control';
const NAME = 'upstream';
const NOW = 1_000_000;
const TRIP = { expectedEpoch: 0, nowMs: NOW, openUntil: NOW + 30_000, reason: 'failure-rate' };
const PROBE = { owner: 'a#1', epoch: 1, nowMs: NOW + 30_000, leaseMs: 10_000, maxSkewMs: 500 };
const SUCCEEDED = { kind: 'succeeded', successesToClose: 2 } as const;

const OPEN_ROW = {
  name: 'breaker#upstream',
  status: 'open',
  epoch: 1,
  changedAt: NOW,
  reason: 'failure-rate',
  openUntil: NOW + 30_000,
  lastOpenedAt: NOW,
  openings: 1,
  successes: 0,
};

/** Runs a step of DynamoDB; a test puts another writer before it. */
let before: (step: string) => Promise<void> | void;
const perform: Perform = async (step, work) => {
  await before(step);
  return work();
};

const makers: Record<string, () => IBreakerStore> = {
  MemoryBreakerStore: () => new MemoryBreakerStore(),
  DynamoDbBreakerStore: () => {
    new DynamoDbDouble({ [TABLE]: ['name'] }, perform);
    return new DynamoDbBreakerStore(new DynamoDBClient({ region: 'us-east-1' }), TABLE);
  },
};

describe.each(Object.entries(makers))('%s', (_, make) => {
  let store: IBreakerStore;

  beforeEach(() => {
    before = () => undefined;
    store = make();
  });

  const halfOpen = async () => {
    await store.trip(NAME, TRIP);
    return store.takeProbe(NAME, PROBE);
  };

  test('has no row of a breaker that never opened', async () => {
    await expect(store.read(NAME)).resolves.toBeUndefined();
  });

  test('opens a closed breaker, once', async () => {
    await expect(store.trip(NAME, TRIP)).resolves.toEqual({ done: true, row: OPEN_ROW });
    await expect(store.read(NAME)).resolves.toEqual(OPEN_ROW);
    const later = { ...TRIP, nowMs: NOW + 5, openUntil: NOW + 99_000, reason: 'other' };
    await expect(store.trip(NAME, later)).resolves.toEqual({ done: false, row: OPEN_ROW });
    await expect(store.trip(NAME, { ...later, expectedEpoch: 1 })).resolves.toEqual({ done: false, row: OPEN_ROW });
  });

  test('does not open for an epoch that is over', async () => {
    await expect(store.trip(NAME, { ...TRIP, expectedEpoch: 4 })).resolves.toEqual({ done: false, row: undefined });
    const { row } = await store.force(NAME, { to: 'closed', nowMs: NOW, reason: 'checked' });
    expect(row).toStrictEqual({
      name: 'breaker#upstream',
      status: 'closed',
      epoch: 1,
      changedAt: NOW,
      reason: 'checked',
      openings: 0,
      successes: 0,
    });
    expect(stateOf(row)).toStrictEqual({ status: 'closed', epoch: 1, closedAt: NOW });
    await expect(store.trip(NAME, TRIP)).resolves.toEqual({ done: false, row });
  });

  test('keeps breakers apart by their names', async () => {
    await store.trip(NAME, TRIP);
    await expect(store.read('other')).resolves.toBeUndefined();
  });

  test('gives the probe when the window is over, to one', async () => {
    await store.trip(NAME, TRIP);
    await expect(store.takeProbe(NAME, { ...PROBE, nowMs: NOW + 29_999 })).resolves.toEqual({
      done: false,
      row: OPEN_ROW,
    });
    await expect(store.takeProbe(NAME, { ...PROBE, epoch: 0 })).resolves.toMatchObject({ done: false });
    const { openUntil: _, ...unchanged } = OPEN_ROW;
    const row = {
      ...unchanged,
      status: 'half-open',
      epoch: 2,
      changedAt: NOW + 30_000,
      reason: 'probe',
      probeOwner: 'a#1',
      probeUntil: NOW + 40_000,
    };
    await expect(store.takeProbe(NAME, PROBE)).resolves.toEqual({ done: true, row });
    await expect(store.takeProbe(NAME, { ...PROBE, owner: 'b#1' })).resolves.toEqual({ done: false, row });
    await expect(store.takeProbe(NAME, { ...PROBE, owner: 'b#1', epoch: 2 })).resolves.toEqual({ done: false, row });
  });

  test('gives the same taking the same answer again', async () => {
    const taken = await halfOpen();
    const steps: string[] = [];
    before = (step) => void steps.push(step);
    await expect(store.takeProbe(NAME, PROBE)).resolves.toEqual(taken);
    expect(steps).not.toContain('PutItem');
  });

  test.each([
    [40_500, false],
    [40_501, true],
  ])('lets another take an abandoned probe over at +%i ms: %s', async (atMs, done) => {
    await halfOpen();
    const answer = await store.takeProbe(NAME, { ...PROBE, owner: 'b#1', epoch: 2, nowMs: NOW + atMs });
    expect(answer).toMatchObject({
      done,
      row: done
        ? { epoch: 2, probeOwner: 'b#1', probeUntil: NOW + atMs + 10_000 }
        : { epoch: 2, probeOwner: 'a#1', probeUntil: NOW + 40_000 },
    });
  });

  test('no probe where there is no row, or it is closed', async () => {
    await expect(store.takeProbe(NAME, { ...PROBE, epoch: 0 })).resolves.toEqual({ done: false, row: undefined });
    const { row } = await store.force(NAME, { to: 'closed', nowMs: NOW, reason: 'checked' });
    await expect(store.takeProbe(NAME, PROBE)).resolves.toEqual({ done: false, row });
  });

  test('closes at the second success under the same epoch', async () => {
    await halfOpen();
    const first = { owner: 'a#1', epoch: 2, nowMs: NOW + 31_000, result: SUCCEEDED };
    const after = await store.recordProbe(NAME, first);
    expect(after).toEqual({
      done: true,
      row: {
        name: 'breaker#upstream',
        status: 'half-open',
        epoch: 2,
        changedAt: NOW + 30_000,
        reason: 'probe',
        openings: 1,
        successes: 1,
        lastOpenedAt: NOW,
      },
    });
    await expect(store.recordProbe(NAME, first)).resolves.toEqual({ done: false, row: after.row });
    await store.takeProbe(NAME, { ...PROBE, owner: 'b#1', epoch: 2 });
    await expect(
      store.recordProbe(NAME, { owner: 'b#1', epoch: 2, nowMs: NOW + 32_000, result: SUCCEEDED }),
    ).resolves.toEqual({
      done: true,
      row: {
        name: 'breaker#upstream',
        status: 'closed',
        epoch: 3,
        changedAt: NOW + 32_000,
        reason: 'probes-succeeded',
        openings: 0,
        successes: 0,
        lastOpenedAt: NOW,
      },
    });
  });

  test('opens again, longer in a row, when the probe fails', async () => {
    await halfOpen();
    const result = { kind: 'failed', openUntil: NOW + 90_000, reason: 'probe-failed' } as const;
    await expect(store.recordProbe(NAME, { owner: 'a#1', epoch: 2, nowMs: NOW + 31_000, result })).resolves.toEqual({
      done: true,
      row: {
        ...OPEN_ROW,
        epoch: 3,
        changedAt: NOW + 31_000,
        reason: 'probe-failed',
        openUntil: NOW + 90_000,
        openings: 2,
      },
    });
  });

  test('gives a released probe to the next when its time has come, and forgets the time', async () => {
    const { row: taken } = await halfOpen();
    const nextProbeAt = NOW + 60_000;
    const result = { kind: 'released', nextProbeAt } as const;
    const { row } = await store.recordProbe(NAME, { owner: 'a#1', epoch: 2, nowMs: NOW, result });
    const { probeOwner: _owner, probeUntil: _until, ...free } = taken as BreakerRow;
    expect(row).toStrictEqual({ ...free, nextProbeAt });
    expect(stateOf(row)).toEqual({ status: 'half-open', epoch: 2, successes: 0, lastOpenedAt: NOW, nextProbeAt });
    const next = { ...PROBE, owner: 'b#1', epoch: 2, nowMs: nextProbeAt };
    await expect(store.takeProbe(NAME, { ...next, nowMs: nextProbeAt - 1 })).resolves.toEqual({ done: false, row });
    await expect(store.takeProbe(NAME, next)).resolves.toStrictEqual({
      done: true,
      row: { ...free, probeOwner: 'b#1', probeUntil: nextProbeAt + 10_000 },
    });
  });

  test.each([
    ['another’s', { owner: 'b#1', epoch: 2 }],
    ['of another epoch', { owner: 'a#1', epoch: 1 }],
  ])('does not record a result that is %s', async (_what, of) => {
    const { row } = await halfOpen();
    await expect(store.recordProbe(NAME, { ...of, nowMs: NOW, result: SUCCEEDED })).resolves.toEqual({
      done: false,
      row,
    });
  });

  test('records no probe of a breaker without a row, nor of one that was closed by hand', async () => {
    const record = { owner: 'a#1', epoch: 2, nowMs: NOW, result: SUCCEEDED };
    await expect(store.recordProbe(NAME, record)).resolves.toEqual({ done: false, row: undefined });
    await halfOpen();
    const { row } = await store.force(NAME, { to: 'closed', nowMs: NOW, reason: 'checked' });
    await expect(store.recordProbe(NAME, record)).resolves.toEqual({ done: false, row });
  });

  test('an operator holds it open: no window ends that', async () => {
    const { row } = await store.force(NAME, { to: 'open', nowMs: NOW, reason: 'provider asked' });
    expect(row).toEqual({ ...OPEN_ROW, reason: 'provider asked', openUntil: NOW, held: true });
    await expect(store.takeProbe(NAME, { ...PROBE, nowMs: NOW + 1e9 })).resolves.toEqual({ done: false, row });
    await expect(store.force(NAME, { to: 'open', nowMs: NOW + 1, reason: 'still' })).resolves.toMatchObject({
      row: { epoch: 2, openings: 2, lastOpenedAt: NOW, changedAt: NOW + 1 },
    });
  });

  test('an operator closes it, and takes the probe from whoever had it', async () => {
    await halfOpen();
    await expect(store.force(NAME, { to: 'closed', nowMs: NOW + 9, reason: 'checked' })).resolves.toEqual({
      done: true,
      row: {
        name: 'breaker#upstream',
        status: 'closed',
        epoch: 3,
        changedAt: NOW + 9,
        reason: 'checked',
        openings: 0,
        successes: 0,
        lastOpenedAt: NOW,
      },
    });
  });

  test('of many that take the probe at once, one has it', async () => {
    await store.trip(NAME, TRIP);
    const takings = Array.from({ length: 50 }, (_none, index) =>
      store.takeProbe(NAME, { ...PROBE, owner: `w${index}` }),
    );
    const done = (await Promise.all(takings)).filter((answer) => answer.done);
    expect(done).toHaveLength(1);
    expect(await store.read(NAME)).toEqual(done[0]?.row);
  });
});

describe('DynamoDbBreakerStore among other writers', () => {
  const make = () => (makers.DynamoDbBreakerStore as () => IBreakerStore)();

  test('judges anew where somebody wrote between its read and its write', async () => {
    const store = make();
    let interfered = false;
    before = async (step) => {
      if (step !== 'PutItem' || interfered) return;
      interfered = true;
      await store.trip(NAME, { ...TRIP, reason: 'first' });
    };
    await expect(store.trip(NAME, TRIP)).resolves.toEqual({ done: false, row: { ...OPEN_ROW, reason: 'first' } });
  });

  test('does not overwrite a success by a late taking of the same epoch', async () => {
    const store = make();
    await store.trip(NAME, TRIP);
    await store.takeProbe(NAME, PROBE);
    await store.recordProbe(NAME, { owner: 'a#1', epoch: 2, nowMs: NOW, result: SUCCEEDED });
    let interfered = false;
    before = async (step) => {
      if (step !== 'PutItem' || interfered) return;
      interfered = true;
      await store.takeProbe(NAME, { ...PROBE, owner: 'c#1', epoch: 2 });
      await store.recordProbe(NAME, {
        owner: 'c#1',
        epoch: 2,
        nowMs: NOW + 1,
        result: { ...SUCCEEDED, successesToClose: 3 },
      });
    };
    const answer = await store.takeProbe(NAME, { ...PROBE, owner: 'b#1', epoch: 2 });
    expect(answer).toMatchObject({ done: true, row: { successes: 2, probeOwner: 'b#1' } });
  });

  test('does not take a probe that another took and gave back meanwhile', async () => {
    const store = make();
    await store.trip(NAME, TRIP);
    await store.takeProbe(NAME, PROBE);
    const release = (owner: string, nextProbeAt: number) =>
      store.recordProbe(NAME, { owner, epoch: 2, nowMs: NOW, result: { kind: 'released', nextProbeAt } });
    await release('a#1', NOW + 60_000);
    const next = { ...PROBE, epoch: 2, nowMs: NOW + 60_000 };
    let interfered = false;
    before = async (step) => {
      if (step !== 'PutItem' || interfered) return;
      interfered = true;
      await store.takeProbe(NAME, { ...next, owner: 'c#1' });
      await release('c#1', NOW + 90_000);
    };
    const answer = await store.takeProbe(NAME, { ...next, owner: 'b#1' });
    expect(answer).toMatchObject({ done: false, row: { nextProbeAt: NOW + 90_000 } });
  });

  test('gives up where it always comes second', async () => {
    const store = make();
    let puts = 0;
    let isRival = false;
    before = async (step) => {
      if (step !== 'PutItem' || isRival) return;
      puts += 1;
      isRival = true;
      await store.force(NAME, { to: 'open', nowMs: NOW, reason: 'rival' });
      isRival = false;
    };
    await expect(store.force(NAME, { to: 'closed', nowMs: NOW, reason: 'checked' })).rejects.toMatchObject({
      name: 'BreakerContentionError',
      message: 'Too many writers at the row of the breaker `upstream`.',
    });
    expect(puts).toBe(8);
  });

  test('lets the table’s own errors through', async () => {
    const store = make();
    before = (step) => {
      if (step === 'PutItem') throw new Error('throttled');
    };
    await expect(store.trip(NAME, TRIP)).rejects.toThrow('throttled');
  });

  test('reads consistently, by the name of the row', async () => {
    const sent: object[] = [];
    const client = {
      send: async (command: GetItemCommand | PutItemCommand) => {
        sent.push(command.input);
        return {};
      },
    } as unknown as DynamoDBClient;
    await new DynamoDbBreakerStore(client, TABLE).read(NAME);
    expect(sent).toEqual([{ TableName: TABLE, Key: { name: { S: 'breaker#upstream' } }, ConsistentRead: true }]);
  });
});
