import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { count, metrics } from '../../lambda/runtime/observability/observability';
import { METRIC_NAMESPACE, MetricName, SERVICE_NAME } from '../../lib/contract/metrics';
import { captureOutput } from './doubles/console-capture';

const sources = readdirSync('lambda', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('generated'))
  .map((file) => readFileSync(path.join('lambda', file), 'utf8'));

test('every metric is counted through the contract, and every one of the contract is counted', () => {
  const used = sources.flatMap((source) => [...source.matchAll(/MetricName\.([A-Z_]+)/g)].map(([, name]) => name));
  expect(new Set(used)).toEqual(new Set(Object.keys(MetricName)));
  expect(sources.filter((source) => source.includes('addMetric'))).toHaveLength(1);
});

test('a metric is written in the contract’s namespace, by service', () => {
  const output = captureOutput();
  count(MetricName.JOBS_ACCEPTED, 2);
  metrics.publishStoredMetrics();
  output.release();
  expect(output.lines()).toEqual([
    expect.objectContaining({
      service: SERVICE_NAME,
      JobsAccepted: 2,
      _aws: expect.objectContaining({
        CloudWatchMetrics: [
          {
            Namespace: METRIC_NAMESPACE,
            Dimensions: [['service']],
            Metrics: [{ Name: 'JobsAccepted', Unit: 'Count' }],
          },
        ],
      }),
    }),
  ]);
});
