// Imported first by tests of handlers: a handler reads its environment when it is loaded.
import { EnvironmentKey } from '../../../lib/contract/environment-keys';

export const JOBS_TABLE = 'jobs';
export const CLIENTS_TABLE = 'clients';
export const QUEUE_URL = 'https://sqs.eu-central-1.amazonaws.com/000000000000/work';
export const DATA_KEY_ARN = 'arn:aws:kms:eu-central-1:000000000000:key/data';
export const UPSTREAM_SECRET = 'upstream';
export const MAX_BODY_BYTES = 64 * 1024;
export const MAX_RECEIVE_COUNT = 5;
export const LEASE_MS = 30_000;

Object.assign(process.env, {
  [EnvironmentKey.JOBS_TABLE]: JOBS_TABLE,
  [EnvironmentKey.CLIENTS_TABLE]: CLIENTS_TABLE,
  [EnvironmentKey.QUEUE_URL]: QUEUE_URL,
  [EnvironmentKey.DATA_KEY_ARN]: DATA_KEY_ARN,
  [EnvironmentKey.UPSTREAM_SECRET]: UPSTREAM_SECRET,
  [EnvironmentKey.UPSTREAM_URL]: process.env[EnvironmentKey.UPSTREAM_URL] ?? 'http://127.0.0.1:9',
  [EnvironmentKey.MAX_BODY_BYTES]: String(MAX_BODY_BYTES),
  [EnvironmentKey.JOB_RETENTION_DAYS]: '30',
  [EnvironmentKey.PROCESS_BUDGET_MS]: '5000',
  [EnvironmentKey.LEASE_MS]: String(LEASE_MS),
  [EnvironmentKey.MAX_RECEIVE_COUNT]: String(MAX_RECEIVE_COUNT),
  [EnvironmentKey.VERSION]: '1.2.3',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
});
