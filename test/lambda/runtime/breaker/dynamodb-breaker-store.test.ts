import type { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDbBreakerStore } from '../../../../lambda/runtime/breaker/dynamodb-breaker-store';
import { interference, NAME, NOW, OPEN_ROW, PROBE, SUCCEEDED, storeMakers, TABLE, TRIP } from './breaker-store-scene';

describe('DynamoDbBreakerStore among other writers', () => {
  const make = storeMakers.DynamoDbBreakerStore;

  afterEach(() => {
    interference.before = () => undefined;
  });

  test('judges anew where somebody wrote between its read and its write', async () => {
    const store = make();
    let interfered = false;
    interference.before = async (step) => {
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
    interference.before = async (step) => {
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
    interference.before = async (step) => {
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
    interference.before = async (step) => {
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
    interference.before = (step) => {
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
