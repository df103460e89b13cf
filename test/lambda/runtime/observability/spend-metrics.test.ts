import { metrics } from '../../../../lambda/runtime/observability/observability';
import { tellLedgerUnavailable, tellOverrun, tellSpend } from '../../../../lambda/runtime/observability/spend-metrics';
import type { WindowStatus } from '../../../../lambda/runtime/spend/ledger';
import { METRIC_NAMESPACE, SERVICE_NAME } from '../../../../lib/contract/metrics';
import { captureOutput } from '../../doubles/console-capture';

const windowOf = (committed: number, cap?: number): WindowStatus => ({
  window: '2026-11',
  committed,
  spent: 0,
  reserved: committed,
  resetsAt: 0,
  ...(cap !== undefined && { cap }),
});

/** The metrics that are written meanwhile, with their dimensions. */
const publishedBy = (tell: () => void) => {
  const output = captureOutput();
  try {
    tell();
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  } finally {
    output.release();
  }
  return output.lines();
};

const inEmf = (name: string, dimensions: string[], unit: string) =>
  expect.objectContaining({
    CloudWatchMetrics: [
      { Namespace: METRIC_NAMESPACE, Dimensions: [dimensions], Metrics: [{ Name: name, Unit: unit }] },
    ],
  });

test('publishes the percentage of each cap under its window, and that spending goes on', () => {
  const lines = publishedBy(() => tellSpend({ day: windowOf(25_000_000, 50_000_000), month: windowOf(950, 1_000) }));
  const percent = inEmf('SpendPercent', ['service', 'window'], 'Percent');
  expect(lines).toEqual([
    expect.objectContaining({ service: SERVICE_NAME, window: 'day', SpendPercent: 50, _aws: percent }),
    expect.objectContaining({ service: SERVICE_NAME, window: 'month', SpendPercent: 95, _aws: percent }),
    expect.objectContaining({
      service: SERVICE_NAME,
      SpendCutOff: 0,
      _aws: inEmf('SpendCutOff', ['service'], 'Count'),
    }),
  ]);
  expect(lines[2]).not.toHaveProperty('window');
});

test('says that spending is cut off', () => {
  const cut = { reason: 'INC-1', at: 0, by: 'somebody' };
  const [line] = publishedBy(() => tellSpend({ day: windowOf(1), month: windowOf(1), cut }));
  expect(line).toMatchObject({ SpendCutOff: 1 });
});

test.each([
  [11, 10, 110],
  [0, 10, 0],
  [0, 0, 100],
])('%i of a cap of %i is %i %%, and a window without a cap has none', (committed, cap, percent) => {
  const lines = publishedBy(() => tellSpend({ day: windowOf(committed, cap), month: windowOf(committed) }));
  expect(lines.filter((line) => 'SpendPercent' in line)).toEqual([
    expect.objectContaining({ window: 'day', SpendPercent: percent }),
  ]);
});

test('publishes an overrun by its amount, and none where there is none', () => {
  expect(publishedBy(() => tellOverrun(1_200))).toEqual([expect.objectContaining({ SpendOverrun: 1_200 })]);
  expect(publishedBy(() => tellOverrun(0))).toEqual([]);
});

test('publishes that the ledger could not answer', () => {
  expect(publishedBy(tellLedgerUnavailable)).toEqual([expect.objectContaining({ LedgerUnavailable: 1 })]);
});
