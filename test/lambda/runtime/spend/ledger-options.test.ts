import {
  checkAmounts,
  checkIds,
  resolveOptions,
  SPEND_LEDGER_DEFAULTS,
  type SpendLedgerOptions,
} from '../../../../lambda/runtime/spend/ledger-options';
import { MemoryLedgerStore } from '../../../../lambda/runtime/spend/memory-ledger-store';
import { SpendControl } from '../../../../lambda/runtime/spend/spend-control';
import { SpendLedger } from '../../../../lambda/runtime/spend/spend-ledger';
import { memoryWorld, NOON, opened, request } from './spend-world';

test('the defaults are those that the documentation names', () => {
  expect(SPEND_LEDGER_DEFAULTS).toEqual({ shards: 16, leaseMs: 3_600_000, attempts: 24, baseMs: 10, capMs: 250 });
  expect(resolveOptions({}, {})).toEqual({
    ...SPEND_LEDGER_DEFAULTS,
    random: Math.random,
    sleep: expect.any(Function),
  });
  expect(resolveOptions({ shards: undefined, attempts: 3 }, {})).toMatchObject({ shards: 16, attempts: 3 });
});

test.each<[keyof SpendLedgerOptions, number, string | undefined]>([
  ['shards', 0, 'an integer from 1 to 64'],
  ['shards', 1, undefined],
  ['shards', 1.5, 'an integer from 1 to 64'],
  ['shards', 64, undefined],
  ['shards', 65, 'an integer from 1 to 64'],
  ['attempts', 0, 'an integer >= 1'],
  ['attempts', 1, undefined],
  ['attempts', 2.5, 'an integer >= 1'],
  ['leaseMs', 0, '> 0 and finite'],
  ['leaseMs', 0.5, undefined],
  ['leaseMs', Number.POSITIVE_INFINITY, '> 0 and finite'],
  ['leaseMs', Number.NaN, '> 0 and finite'],
  ['baseMs', 0, '> 0 and finite'],
  ['baseMs', 250, undefined],
  ['capMs', 10, undefined],
  ['capMs', 9, 'finite and >= `baseMs`'],
  ['capMs', Number.POSITIVE_INFINITY, 'finite and >= `baseMs`'],
])('`%s` of %d: %s', (option, value, rule) => {
  const make = () => resolveOptions({ [option]: value }, {});
  if (rule === undefined) expect(make()).toMatchObject({ [option]: value });
  else expect(make).toThrow(new RangeError(`\`${option}\` must be ${rule}, got: ${value}`));
});

test('every option out of its range is named at once', () => {
  const options = { shards: 0, attempts: 0, leaseMs: 0, baseMs: 0, capMs: -1 };
  const message =
    '`shards` must be an integer from 1 to 64, got: 0; `attempts` must be an integer >= 1, got: 0; `leaseMs` must be > 0 and finite, got: 0; `baseMs` must be > 0 and finite, got: 0; `capMs` must be finite and >= `baseMs`, got: -1';
  expect(() => new SpendLedger(new MemoryLedgerStore(), options)).toThrow(new RangeError(message));
  expect(() => new SpendControl(new MemoryLedgerStore(), options)).toThrow(new RangeError(message));
});

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 9_000_000_000_000_001])('%d is no amount', (amount) => {
  expect(() => checkAmounts({ estimate: amount, perDay: undefined })).toThrow(
    new RangeError(`\`estimate\` must be an integer from 0 to 9000000000000000 (micro-USD), got: ${amount}`),
  );
});

test.each([0, 1, 9_000_000_000_000_000])('%d is an amount', (amount) => {
  expect(() => checkAmounts({ amount, perDay: undefined })).not.toThrow();
});

test('every amount and every id that is wrong is named at once', () => {
  expect(() => checkAmounts({ a: -1, b: 1, c: -2 })).toThrow(/`a` .* got: -1; `c` .* got: -2$/);
  expect(() => checkIds({ id: '', clientId: 'x'.repeat(257), callId: 'y'.repeat(256), other: 'z' })).toThrow(
    new RangeError('`id` must have 1 to 256 characters, got: 0; `clientId` must have 1 to 256 characters, got: 257'),
  );
});

describe('a ledger does nothing with arguments out of their range', () => {
  const begin = { callId: '1', estimate: 1, nowMs: NOON };
  test.each<[string, (world: Awaited<ReturnType<typeof used>>) => Promise<unknown>, string]>([
    ['an empty id', ({ ledger }) => ledger.reserve(request('')), '`id`'],
    ['an empty client', ({ ledger }) => ledger.reserve(request('j2', { clientId: '' })), '`clientId`'],
    ['half a micro-dollar', ({ ledger }) => ledger.reserve(request('j2', { estimate: 0.5 })), '`estimate`'],
    ['a cap below 0', ({ ledger }) => ledger.reserve(request('j2', { clientCaps: { perDay: -1 } })), '`perDay`'],
    ['half a cap', ({ ledger }) => ledger.reserve(request('j2', { clientCaps: { perMonth: 1.5 } })), '`perMonth`'],
    ['half a second', ({ ledger }) => ledger.reserve(request('j2', { keepUntil: 1.5 })), '`keepUntil`'],
    ['no time', ({ ledger }) => ledger.reserve(request('j2', { nowMs: Number.NaN })), 'Invalid time value'],
    ['a call without a name', ({ ledger }) => ledger.begin('j1', { ...begin, callId: '' }), '`callId`'],
    ['a call of no job', ({ ledger }) => ledger.begin('', begin), '`id`'],
    ['a call below 0', ({ ledger }) => ledger.begin('j1', { ...begin, estimate: -1 }), '`estimate`'],
    ['a settlement without a name', ({ ledger }) => ledger.settle('j1', { callId: '', amount: 0 }), '`callId`'],
    ['a settlement below 0', ({ ledger }) => ledger.settle('j1', { callId: '1', amount: -1 }), '`amount`'],
    ['a closing of no job', ({ ledger }) => ledger.close(''), '`id`'],
    ['a look at no job', ({ ledger }) => ledger.readReservation(''), '`id`'],
    ['a look at no client', ({ ledger }) => ledger.readClient('', {}, NOON), '`clientId`'],
    ['a cap below 0 by an operator', ({ control }) => control.setCaps({ globalDay: -1 }, NOON), '`globalDay`'],
    ['a word for a cap', ({ control }) => control.setCaps({ globalMonth: '5' as never }, NOON), '`globalMonth`'],
    ['half a cap by a deploy', ({ control }) => control.syncDeployedCaps({ globalMonth: 0.5 }, NOON), '`globalMonth`'],
  ])('%s', async (_what, act, complaint) => {
    const world = await used();
    const before = new Map(world.rows());
    await expect(act(world)).rejects.toThrow(RangeError);
    await expect(act(world)).rejects.toThrow(complaint);
    expect(new Map(world.rows())).toEqual(before);
  });
});

const used = async () => {
  const world = await opened(memoryWorld());
  await world.ledger.reserve(request('j1'));
  return world;
};
