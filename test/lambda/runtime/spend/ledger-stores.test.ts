import type { LedgerRow, RowCondition } from '../../../../lambda/runtime/spend/ledger-store';
import { WORLDS } from './spend-world';

const KEY = 'row';

describe.each(WORLDS)('%s', (_name, make) => {
  const world = () => make();
  const withRow = async (row: LedgerRow) => {
    const { store, rows, ...rest } = world();
    await store.commit([{ key: KEY, conditions: [], replacement: { key: KEY, ...row } }]);
    return { store, rows, ...rest };
  };

  test('has no row that was never written', async () => {
    const { store } = world();
    await expect(store.read([KEY])).resolves.toEqual(new Map());
    await expect(store.read([KEY, 'other'])).resolves.toEqual(new Map());
    await expect(store.snapshot([KEY])).resolves.toEqual(new Map());
  });

  test('makes a row of what is set and added, and changes it', async () => {
    const { store } = world();
    const write = { key: KEY, conditions: [], change: { set: { word: 'a' }, add: { amount: 5, other: -2 } } };
    await expect(store.commit([write])).resolves.toEqual({ kind: 'committed' });
    const row = { key: KEY, word: 'a', amount: 5, other: -2 };
    await expect(store.read([KEY])).resolves.toEqual(new Map([[KEY, row]]));
    const change = { set: { word: 'b', list: [{ n: 1 }] }, add: { amount: -7 }, remove: ['other', 'nothing'] };
    await store.commit([{ key: KEY, conditions: [], change }]);
    const changed = { key: KEY, word: 'b', list: [{ n: 1 }], amount: -2 };
    await expect(store.snapshot([KEY, 'x'])).resolves.toEqual(new Map([[KEY, changed]]));
  });

  test('makes a row that nothing is set in', async () => {
    const { store } = world();
    await store.commit([{ key: KEY, conditions: [], change: { remove: ['amount'] } }]);
    await expect(store.read([KEY])).resolves.toEqual(new Map([[KEY, { key: KEY }]]));
  });

  test('replaces a row, with nothing left of the old one', async () => {
    const { store } = await withRow({ a: 1, b: 2 });
    await store.commit([{ key: KEY, conditions: [], replacement: { key: KEY, b: 3, c: undefined } }]);
    const found = (await store.read([KEY])).get(KEY);
    expect(found).toEqual({ key: KEY, b: 3 });
  });

  test.each<[string, RowCondition, boolean]>([
    ['absent of what is there', { attribute: 'n', is: 'absent' }, false],
    ['absent of what is not', { attribute: 'x', is: 'absent' }, true],
    ['present of what is there', { attribute: 'n', is: 'present' }, true],
    ['present of what is not', { attribute: 'x', is: 'present' }, false],
    ['equal to the number', { attribute: 'n', is: 'equal', value: 10 }, true],
    ['equal to another number', { attribute: 'n', is: 'equal', value: 11 }, false],
    ['equal to the word', { attribute: 'w', is: 'equal', value: 'word' }, true],
    ['equal to a number that is a word', { attribute: 'd', is: 'equal', value: 10 }, false],
    ['equal of what is not there', { attribute: 'x', is: 'equal', value: 10 }, false],
    ['at least what it is', { attribute: 'n', is: 'at-least', value: 10 }, true],
    ['at least more', { attribute: 'n', is: 'at-least', value: 11 }, false],
    ['at least, of what is not there', { attribute: 'x', is: 'at-least', value: 0 }, false],
    ['below more', { attribute: 'n', is: 'below', value: 11 }, true],
    ['below what it is', { attribute: 'n', is: 'below', value: 10 }, false],
    ['below, of what is not there', { attribute: 'x', is: 'below', value: 1 }, false],
    ['at most what it is', { attribute: 'n', is: 'at-most-or-absent', value: 10 }, true],
    ['at most less', { attribute: 'n', is: 'at-most-or-absent', value: 9 }, false],
    ['at most, of what is not there', { attribute: 'x', is: 'at-most-or-absent', value: -1 }, true],
  ])('knows %s', async (_what, condition, holds) => {
    const before = { key: KEY, n: 10, w: 'word', d: '10' };
    const { store, rows } = await withRow(before);
    const refused = { kind: 'refused', rows: new Map([[KEY, before]]), alongside: false };
    const other = { key: 'other', conditions: [], change: { add: { n: 1 } } };
    const asCheck = await store.commit([other, { key: KEY, conditions: [condition] }]);
    expect(asCheck).toEqual(holds ? { kind: 'committed' } : refused);
    expect(rows().get(KEY)).toEqual(before);
    const write = { key: KEY, conditions: [condition], change: { add: { n: 1 } } };
    await expect(store.commit([write])).resolves.toEqual(holds ? { kind: 'committed' } : refused);
    expect(rows().get(KEY)?.n).toBe(holds ? 11 : 10);
  });

  test('makes all writes or none, and says which rows are in the way', async () => {
    const { store, rows } = await withRow({ n: 1 });
    const writes = [
      { key: 'a', conditions: [], change: { add: { n: 1 } } },
      { key: KEY, conditions: [{ attribute: 'n', is: 'at-least', value: 2 } as const], change: { add: { n: 1 } } },
      { key: 'b', conditions: [{ attribute: 'key', is: 'present' } as const] },
    ];
    const inTheWay = new Map<string, LedgerRow | undefined>([
      [KEY, { key: KEY, n: 1 }],
      ['b', undefined],
    ]);
    await expect(store.commit(writes)).resolves.toEqual({ kind: 'refused', rows: inTheWay, alongside: false });
    expect(rows().has('a')).toBe(false);
  });

  test('all conditions of a row have to hold', async () => {
    const { store } = await withRow({ n: 1 });
    const conditions = [
      { attribute: 'n', is: 'at-least', value: 1 },
      { attribute: 'n', is: 'below', value: 1 },
    ] as const;
    await expect(store.commit([{ key: KEY, conditions, change: { add: { n: 1 } } }])).resolves.toMatchObject({
      kind: 'refused',
    });
  });

  test('a check makes no row', async () => {
    const { store, rows } = world();
    const check = { key: KEY, conditions: [{ attribute: 'n', is: 'absent' } as const] };
    const other = { key: 'other', conditions: [], change: { add: { n: 1 } } };
    await expect(store.commit([check, other])).resolves.toEqual({ kind: 'committed' });
    expect([...rows().keys()]).toEqual(['other']);
  });

  test('writes of the caller are made together with its own', async () => {
    const { store, rows, making, isMade } = world();
    const write = { key: KEY, conditions: [], change: { add: { n: 1 } } };
    await expect(store.commit([write], [making('job')])).resolves.toEqual({ kind: 'committed' });
    expect(isMade('job')).toBe(true);
    const refused = { kind: 'refused', rows: new Map(), alongside: true };
    await expect(store.commit([write], [making('other'), making('job')])).resolves.toEqual(refused);
    expect(isMade('other')).toBe(false);
    expect(rows().get(KEY)).toEqual({ key: KEY, n: 1 });
  });

  test('writes of the caller are not made where a row is in the way', async () => {
    const { store, making, isMade } = await withRow({ n: 1 });
    const write = { key: KEY, conditions: [{ attribute: 'n', is: 'absent' } as const], change: { add: { n: 1 } } };
    await expect(store.commit([write], [making('job')])).resolves.toMatchObject({ kind: 'refused', alongside: false });
    expect(isMade('job')).toBe(false);
  });

  describe('lists what has ended', () => {
    const lease = (id: string, leaseBucket: string | undefined, leaseUntil: number | undefined) => ({
      key: `reservation#${id}`,
      conditions: [],
      replacement: { key: `reservation#${id}`, leaseBucket, leaseUntil },
    });

    test('of one bucket, the first to end first, up to a limit', async () => {
      const { store } = world();
      for (const write of [lease('c', '1', 30), lease('a', '1', 10), lease('b', '1', 20), lease('z', '2', 5)]) {
        await store.commit([write]);
      }
      await expect(store.listEnded('1', 30, 10)).resolves.toEqual(['a', 'b']);
      await expect(store.listEnded('1', 31, 10)).resolves.toEqual(['a', 'b', 'c']);
      await expect(store.listEnded('1', 31, 2)).resolves.toEqual(['a', 'b']);
      await expect(store.listEnded('3', 31, 2)).resolves.toEqual([]);
    });

    test('not what has left, nor by where it was', async () => {
      const { store } = world();
      await store.commit([lease('a', '1', 10)]);
      await store.commit([lease('b', '1', 10)]);
      await store.commit([lease('a', undefined, undefined)]);
      await store.commit([lease('b', '2', 20)]);
      await expect(store.listEnded('1', 99, 10)).resolves.toEqual([]);
      await expect(store.listEnded('2', 20, 10)).resolves.toEqual([]);
      await expect(store.listEnded('2', 21, 10)).resolves.toEqual(['b']);
    });
  });
});
