import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRIC_NAMESPACE, type MetricName, SERVICE_NAME } from '../../../lib/contract/metrics';

/** The process's logger; work that runs in parallel logs through a child of it. */
export const logger = new Logger({ serviceName: SERVICE_NAME });

/** The process's metrics, written as one log line by the metrics middleware. */
export const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName: SERVICE_NAME });

/** Gives every metric of the process a further dimension. */
export const distinguishMetrics = (dimension: string, value: string): void => {
  metrics.setDefaultDimensions({ [dimension]: value });
};

/** What an algorithm needs of a logger. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

export type MetricNameValue = (typeof MetricName)[keyof typeof MetricName];

/** Adds `value` (1 unless given) to a metric of the contract. */
export type Count = (name: MetricNameValue, value?: number) => void;

export const count: Count = (name, value = 1) => {
  metrics.addMetric(name, MetricUnit.Count, value);
};

/** Adds 1 to a metric of the contract for one value of a further dimension; there must be few values. */
export type CountBy = (name: MetricNameValue, dimension: string, value: string) => void;

export const countBy: CountBy = (name, dimension, value) => {
  metrics.singleMetric().addDimension(dimension, value).addMetric(name, MetricUnit.Count, 1);
};

/** Publishes the seconds that something has lasted by now; the newest value stands for all before it. */
export type GaugeSeconds = (name: MetricNameValue, seconds: number) => void;

export const gaugeSeconds: GaugeSeconds = (name, seconds) => {
  metrics.addMetric(name, MetricUnit.Seconds, seconds);
};

export type GaugePercent = (name: MetricNameValue, dimension: string, value: string, percent: number) => void;

/** Publishes a percentage at once, under a further dimension that the other metrics of the process do not have. */
export const gaugePercent: GaugePercent = (name, dimension, value, percent) => {
  metrics.singleMetric().addDimension(dimension, value).addMetric(name, MetricUnit.Percent, percent);
};

/** A logger of its own for one of several records that run in parallel, so that no keys mix. */
export const childLogger = (keys: Readonly<Record<string, string>>): Log => {
  const child = logger.createChild();
  child.appendKeys({ ...keys });
  return child;
};
