import '../../doubles/environment';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { DynamoDbServedStore } from '../../../../lambda/runtime/served/dynamodb-served-store';
import { MemoryServedStore } from '../../../../lambda/runtime/served/memory-served-store';
import type { IServedStore } from '../../../../lambda/runtime/served/served-store';
import { Witness } from '../../../../lambda/runtime/served/witness';
import { Cloud } from '../../doubles/cloud';
import { CONTROL_TABLE } from '../../doubles/environment';

const inDynamoDb = (): IServedStore => {
  new Cloud();
  return new DynamoDbServedStore(new DynamoDBClient({}), CONTROL_TABLE);
};

describe.each([
  ['in memory', () => new MemoryServedStore()],
  ['in DynamoDB', inDynamoDb],
])('the time of the newest success, %s', (_, start) => {
  test('is unknown at first, and each upstream’s own', async () => {
    const store = start();
    await store.advance('one', 5);
    expect(await store.read('one')).toBe(5);
    expect(await store.read('two')).toBeUndefined();
  });

  test('is the newest of all that were told, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1 }), { minLength: 1 }), async (times) => {
        const store = start();
        for (const time of times) await store.advance('upstream', time);
        expect(await store.read('upstream')).toBe(Math.max(...times));
      }),
      { numRuns: 50 },
    );
  });
});

test('a table that cannot be written is an error, and not a time that is newer already', async () => {
  const cloud = new Cloud();
  cloud.dynamodb.beforeUpdate = () => {
    throw new Error('DynamoDB is down');
  };
  const store = new DynamoDbServedStore(new DynamoDBClient({}), CONTROL_TABLE);
  await expect(store.advance('upstream', 1)).rejects.toThrow('DynamoDB is down');
});

describe('a witness', () => {
  let nowMs: number;
  let written: number[];
  let store: IServedStore;
  const witness = (onUnwritten?: (error: unknown) => void) =>
    new Witness({ upstream: 'upstream', store, now: () => nowMs, onUnwritten });
  beforeEach(() => {
    nowMs = 1_000_000;
    written = [];
    const memory = new MemoryServedStore();
    store = {
      read: (upstream) => memory.read(upstream),
      advance: (upstream, servedAt) => {
        written.push(servedAt);
        return memory.advance(upstream, servedAt);
      },
    };
  });

  test('writes once a second, and knows by itself what it has not written', async () => {
    const one = witness();
    expect(await one.newest()).toBeUndefined();
    await one.served(nowMs - 300);
    nowMs += 999;
    await one.served(nowMs - 300);
    expect(written).toEqual([999_700]);
    expect(await one.newest()).toBe(1_000_699);
    expect(await witness().newest()).toBe(999_700);
    nowMs += 1;
    await one.served(nowMs - 300);
    expect(written).toEqual([999_700, 1_000_700]);
  });

  test('does not write what is older than what it knows', async () => {
    const one = witness();
    await one.served(nowMs);
    nowMs += 10_000;
    await one.served(nowMs - 10_000);
    await one.served(nowMs - 20_000);
    expect(written).toEqual([1_000_000]);
  });

  test('knows what another has written', async () => {
    await witness().served(nowMs);
    const other = witness();
    await other.served(nowMs - 5_000);
    expect(await other.newest()).toBe(nowMs);
  });

  test('says that it could not write, to whoever asks to be told, and goes on', async () => {
    store = { read: store.read, advance: () => Promise.reject(new Error('down')) };
    const told: unknown[] = [];
    await witness((error) => told.push(error)).served(nowMs);
    await witness().served(nowMs);
    expect(told).toEqual([new Error('down')]);
  });

  test('throws where it cannot read: what it knows may be older than what others know', async () => {
    const one = witness();
    await one.served(nowMs);
    store = { advance: store.advance, read: () => Promise.reject(new Error('down')) };
    await expect(witness().newest()).rejects.toThrow('down');
  });
});
