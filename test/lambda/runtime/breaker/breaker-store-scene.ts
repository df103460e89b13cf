import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { IBreakerStore } from '../../../../lambda/runtime/breaker/breaker-store';
import { DynamoDbBreakerStore } from '../../../../lambda/runtime/breaker/dynamodb-breaker-store';
import { MemoryBreakerStore } from '../../../../lambda/runtime/breaker/memory-breaker-store';
import { DynamoDbDouble, type Perform } from '../../doubles/dynamodb';

export const TABLE = 'control';
export const NAME = 'upstream';
export const NOW = 1_000_000;
export const TRIP = { expectedEpoch: 0, nowMs: NOW, openUntil: NOW + 30_000, reason: 'failure-rate' };
export const PROBE = { owner: 'a#1', epoch: 1, nowMs: NOW + 30_000, leaseMs: 10_000, maxSkewMs: 500 };
export const SUCCEEDED = { kind: 'succeeded', successesToClose: 2 } as const;

export const OPEN_ROW = {
  name: 'breaker#upstream',
  status: 'open',
  epoch: 1,
  changedAt: NOW,
  reason: 'failure-rate',
  openUntil: NOW + 30_000,
  lastOpenedAt: NOW,
  openings: 1,
  successes: 0,
};

/** What runs before each step of DynamoDB; a test puts another writer there. */
export const interference: { before: (step: string) => Promise<void> | void } = { before: () => undefined };

const perform: Perform = async (step, work) => {
  await interference.before(step);
  return work();
};

/** Makes each kind of store, by its name. */
export const storeMakers: Readonly<Record<'MemoryBreakerStore' | 'DynamoDbBreakerStore', () => IBreakerStore>> = {
  MemoryBreakerStore: () => new MemoryBreakerStore(),
  DynamoDbBreakerStore: () => {
    new DynamoDbDouble({ [TABLE]: ['name'] }, perform);
    return new DynamoDbBreakerStore(new DynamoDBClient({ region: 'us-east-1' }), TABLE);
  },
};
