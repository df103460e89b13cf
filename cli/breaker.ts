import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetEventSourceMappingCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type BreakerRow, breakerRowName, ControlTable, UPSTREAM_BREAKER } from '../lib/contract/control';
import type { Operator } from './command';
import { CommandFailure } from './failure';
import { type ForcedStatus, forcedRow } from './forced-row';

/** How the processor's event-source mapping is. */
export interface Consumer {
  /** Lambda's word, such as `Enabled`, `Disabling` or `Disabled`. */
  readonly state: string;
  /** Most concurrent processors at this moment. @default - the mapping has no limit */
  readonly maxConcurrency?: number;
}

/** The row of the breaker that guards the upstream, by a consistent read; undefined where it was never opened. */
export async function readBreaker({ access, deployment }: Operator): Promise<BreakerRow | undefined> {
  const { Item } = await tablesOf(access).send(
    new GetCommand({
      TableName: deployment.controlTable,
      Key: { [ControlTable.PARTITION_KEY]: breakerRowName(UPSTREAM_BREAKER) },
      ConsistentRead: true,
    }),
  );
  return Item as BreakerRow | undefined;
}

export async function readConsumer({ access, deployment }: Operator): Promise<Consumer> {
  const { State, ScalingConfig } = await new LambdaClient({ ...access }).send(
    new GetEventSourceMappingCommand({ UUID: deployment.consumerMappingId }),
  );
  const maxConcurrency = ScalingConfig?.MaximumConcurrency;
  return { state: State ?? 'unknown', ...(maxConcurrency !== undefined && { maxConcurrency }) };
}

/** Tries to set the breaker, where workers change it at the same moment. */
const FORCE_ATTEMPTS = 5;

/**
 * Sets the breaker, whatever it is in: `open` is held until somebody closes it. Where it is so already, nothing is
 * written. The table's stream tells the controller, which pauses or resumes the consumer.
 *
 * @returns the row, and whether it was changed
 */
export async function forceBreaker(
  operator: Operator,
  to: ForcedStatus,
  reason: string,
): Promise<{ readonly row: BreakerRow | undefined; readonly changed: boolean }> {
  const tables = tablesOf(operator.access);
  for (let attempt = 1; attempt <= FORCE_ATTEMPTS; attempt++) {
    const seen = await readBreaker(operator);
    const row = forcedRow(seen, { to, reason, nowMs: operator.now() });
    if (!row) return { row: seen, changed: false };
    try {
      await tables.send(new PutCommand({ TableName: operator.deployment.controlTable, Item: row, ...unchanged(seen) }));
      return { row, changed: true };
    } catch (error) {
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
    }
  }
  throw new CommandFailure(`the breaker changed ${FORCE_ATTEMPTS} times under this command: try again`);
}

/** The condition that the row is still the one that was seen: no change of a state leaves the epoch as it was. */
const unchanged = (seen: BreakerRow | undefined) =>
  seen
    ? { ConditionExpression: 'epoch = :epoch', ExpressionAttributeValues: { ':epoch': seen.epoch } }
    : {
        ConditionExpression: 'attribute_not_exists(#name)',
        ExpressionAttributeNames: { '#name': ControlTable.PARTITION_KEY },
      };

const tablesOf = (access: Operator['access']): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient({ ...access }), { marshallOptions: { removeUndefinedValues: true } });
