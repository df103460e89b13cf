// Imported first by tests of handlers: a handler reads its environment when it is loaded.
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import type { PriceBookDocument } from '../../../lib/contract/price-book-document';
import { packPriceBook } from '../../../lib/contract/price-book-packing';

export const JOBS_TABLE = 'jobs';
export const CLIENTS_TABLE = 'clients';
export const LIMITS_TABLE = 'limits';
export const QUEUE_URL = 'https://sqs.eu-central-1.amazonaws.com/000000000000/work';
export const PLANS = {
  standard: { name: 'standard', requestsPerSecond: 10, burst: 20 },
  trial: { name: 'trial', requestsPerSecond: 1, burst: 5, spendPerDay: 1_000_000, models: ['claude-haiku-4-5'] },
};
export const CONTROL_TABLE = 'control';
export const CONTROL_QUEUE_URL = 'https://sqs.eu-central-1.amazonaws.com/000000000000/control';
export const DEAD_LETTER_QUEUE_URL = 'https://sqs.eu-central-1.amazonaws.com/000000000000/dead';
export const LEDGER_TABLE = 'ledger';
const priceFrom = (from: string) => ({
  validFrom: from,
  input: '1',
  output: '5',
  cacheRead: '0.1',
  cacheWrite: '1.25',
});

/** Prices so that a token of input costs a micro-USD, and one of output five. */
export const PRICES: PriceBookDocument = {
  models: {
    ...Object.fromEntries(
      ['claude-sonnet-4-5', 'claude-haiku-4-5', 'model'].map((model) => [model, [priceFrom('2026-01-01T00:00Z')]]),
    ),
    later: [priceFrom('2999-01-01T00:00Z')],
  },
};
export const PATIENCE_MS = 86_400_000;
export const CONSUMER_MAPPING = '6a1f2f3e-0000-4000-8000-000000000001';
export const PROCESSOR = 'process-job';
export const MAX_CONCURRENCY = 10;
export const STEP_SECONDS = 4;
export const STUCK_AFTER_MS = 15 * 60_000;
export const QUEUE_RETENTION_MS = 4 * 86_400_000;
export const OPEN_FOR_MS = 30_000;
export const DATA_KEY_ARN = 'arn:aws:kms:eu-central-1:000000000000:key/data';
export const UPSTREAM_SECRET = 'upstream';
export const MAX_BODY_BYTES = 64 * 1024;
export const MAX_RECEIVE_COUNT = 5;
export const LEASE_MS = 30_000;

Object.assign(process.env, {
  [EnvironmentKey.JOBS_TABLE]: JOBS_TABLE,
  [EnvironmentKey.CLIENTS_TABLE]: CLIENTS_TABLE,
  [EnvironmentKey.CLIENT_PLANS]: JSON.stringify(PLANS),
  [EnvironmentKey.LIMITS_TABLE]: LIMITS_TABLE,
  [EnvironmentKey.QUEUE_URL]: QUEUE_URL,
  [EnvironmentKey.DATA_KEY_ARN]: DATA_KEY_ARN,
  [EnvironmentKey.UPSTREAM_SECRET]: UPSTREAM_SECRET,
  [EnvironmentKey.UPSTREAM_URL]: process.env[EnvironmentKey.UPSTREAM_URL] ?? 'http://127.0.0.1:9',
  [EnvironmentKey.MAX_BODY_BYTES]: String(MAX_BODY_BYTES),
  [EnvironmentKey.JOB_RETENTION_DAYS]: '30',
  [EnvironmentKey.PROCESS_BUDGET_MS]: '5000',
  [EnvironmentKey.LEASE_MS]: String(LEASE_MS),
  [EnvironmentKey.MAX_RECEIVE_COUNT]: String(MAX_RECEIVE_COUNT),
  [EnvironmentKey.CONTROL_TABLE]: CONTROL_TABLE,
  [EnvironmentKey.CONTROL_QUEUE_URL]: CONTROL_QUEUE_URL,
  [EnvironmentKey.CONSUMER_MAPPING_ID]: CONSUMER_MAPPING,
  [EnvironmentKey.CONSUMER_MAX_CONCURRENCY]: String(MAX_CONCURRENCY),
  [EnvironmentKey.PROCESSOR_FUNCTION]: PROCESSOR,
  [EnvironmentKey.RESUME_STEP_SECONDS]: String(STEP_SECONDS),
  [EnvironmentKey.STUCK_AFTER_MS]: String(STUCK_AFTER_MS),
  [EnvironmentKey.QUEUE_RETENTION_MS]: String(QUEUE_RETENTION_MS),
  [EnvironmentKey.DEAD_LETTER_QUEUE_URL]: DEAD_LETTER_QUEUE_URL,
  [EnvironmentKey.OUTAGE_PATIENCE_MS]: String(PATIENCE_MS),
  [EnvironmentKey.BREAKER_FAILURES]: '5',
  [EnvironmentKey.BREAKER_FAILURE_PERCENT]: '50',
  [EnvironmentKey.BREAKER_SLOW_CALL_MS]: '0',
  [EnvironmentKey.BREAKER_OPEN_FOR_MS]: String(OPEN_FOR_MS),
  [EnvironmentKey.BREAKER_MAX_OPEN_FOR_MS]: String(2 * OPEN_FOR_MS),
  [EnvironmentKey.BREAKER_SUCCESSES_TO_CLOSE]: '2',
  [EnvironmentKey.LEDGER_TABLE]: LEDGER_TABLE,
  [EnvironmentKey.PRICE_BOOK]: packPriceBook(PRICES),
  [EnvironmentKey.VERSION]: '1.2.3',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
});
