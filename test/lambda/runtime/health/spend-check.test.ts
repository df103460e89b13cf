import { spendCheck } from '../../../../lambda/runtime/health/spend-check';
import type { SpendStatus, WindowStatus } from '../../../../lambda/runtime/spend/ledger';

const windowOf = (left?: number, cap?: number): WindowStatus => ({
  window: '2026-11',
  committed: 0,
  spent: 0,
  reserved: 0,
  resetsAt: 0,
  ...(cap !== undefined && { cap, left }),
});
const statusOf = (overrides: Partial<SpendStatus> = {}): SpendStatus => ({
  version: 1,
  deployed: {},
  override: {},
  caps: {},
  day: windowOf(25, 100),
  month: windowOf(999, 1_000),
  ...overrides,
});
const find = (status: SpendStatus) =>
  spendCheck({ ledger: { readStatus: async () => status }, now: () => 0 }).run(new AbortController().signal);

test.each<[string, Partial<SpendStatus>, object]>([
  ['something left', {}, { status: 'ok', detail: { cutOff: false, dayLeftPercent: 25, monthLeftPercent: 99 } }],
  [
    'nothing left of a window',
    { day: windowOf(0, 100) },
    { status: 'degraded', detail: { cutOff: false, dayLeftPercent: 0, monthLeftPercent: 99 } },
  ],
  ['no cap', { day: windowOf(), month: windowOf() }, { status: 'ok', detail: { cutOff: false } }],
  [
    'a cap of nothing',
    { day: windowOf(0, 0), month: windowOf() },
    { status: 'degraded', detail: { cutOff: false, dayLeftPercent: 0 } },
  ],
  [
    'spending cut off, whatever is left',
    { cut: { reason: 'a reason that names a client', by: 'arn:aws:iam::1:user/a', at: 0 } },
    { status: 'down', detail: { cutOff: true, dayLeftPercent: 25, monthLeftPercent: 99 } },
  ],
])('with %s', async (_, status, expected) => {
  expect(await find(statusOf(status))).toEqual(expected);
});

test('is critical: without an answer of the ledger no job is accepted', async () => {
  const ledger = { readStatus: () => Promise.reject(new Error('DynamoDB is down')) };
  const check = spendCheck({ ledger, now: () => 0 });
  expect(check).toMatchObject({ name: 'spend', isCritical: true });
  await expect(check.run(new AbortController().signal)).rejects.toThrow('DynamoDB is down');
});

test('reads the ledger again after five seconds, and at once where it failed', async () => {
  let [nowMs, reads, isDown] = [0, 0, true];
  const ledger = {
    readStatus: async () => {
      reads += 1;
      if (isDown) throw new Error('DynamoDB is down');
      return statusOf();
    },
  };
  const check = spendCheck({ ledger, now: () => nowMs });
  const { signal } = new AbortController();
  await expect(check.run(signal)).rejects.toThrow();
  isDown = false;
  for (const [atMs, expected] of [
    [0, 2],
    [4_999, 2],
    [5_000, 3],
  ] as const) {
    nowMs = atMs;
    await check.run(signal);
    expect(reads).toBe(expected);
  }
});
