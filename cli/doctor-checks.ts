import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { isHeld } from '../lib/contract/consumer-hold';
import { BreakerStatus } from '../lib/contract/control';
import { HealthStatus } from '../lib/contract/health';
import { DUE_SHARDS, dueBucketOf, JobStatus, JobsTable } from '../lib/contract/tables';
import { age } from './age';
import { readBreaker, readConsumer } from './breaker';
import type { Operator } from './command';
import type { Deployment } from './deployment';
import { depthOf } from './dlq/dead-letter-queue';
import type { Diagnosis, Finding } from './doctor-finding';
import { readHold } from './spend/hold';

const { OK, DEGRADED, DOWN } = HealthStatus;

type TableName = 'jobsTable' | 'clientsTable' | 'limitsTable' | 'controlTable' | 'auditTable';

const tableDiagnosis = (name: string, table: TableName): Diagnosis => ({
  name,
  find: async ({ access, deployment }, abortSignal) => {
    const TableName = deployment[table];
    const { Table } = await new DynamoDBClient({ ...access }).send(new DescribeTableCommand({ TableName }), {
      abortSignal,
    });
    const says = `${TableName} is ${Table?.TableStatus}`;
    // A table that is being updated is read and written as ever.
    if (Table?.TableStatus === 'ACTIVE' || Table?.TableStatus === 'UPDATING') return { status: OK, says };
    return { status: DOWN, says, next: `aws dynamodb describe-table --table-name ${TableName}` };
  },
});

export const tableDiagnoses: readonly Diagnosis[] = [
  tableDiagnosis('jobs table', 'jobsTable'),
  tableDiagnosis('clients table', 'clientsTable'),
  tableDiagnosis('limits table', 'limitsTable'),
  tableDiagnosis('control table', 'controlTable'),
  tableDiagnosis('audit table', 'auditTable'),
];

/** Milliseconds within which a secret that was just made counts as never changed. */
const FRESHLY_MADE_MS = 60_000;

export const secretDiagnosis: Diagnosis = {
  name: 'upstream key',
  find: async ({ access, deployment, now }, abortSignal) => {
    if (!deployment.upstreamSecret) return { status: OK, says: 'none is stored: the service shows who it is' };
    const { CreatedDate, LastChangedDate } = await new SecretsManagerClient({ ...access }).send(
      new DescribeSecretCommand({ SecretId: deployment.upstreamSecret }),
      { abortSignal },
    );
    const changedMs = (LastChangedDate ?? CreatedDate)?.getTime();
    if (changedMs === undefined) return { status: OK, says: 'there' };
    if (changedMs - (CreatedDate?.getTime() ?? 0) < FRESHLY_MADE_MS) {
      return {
        status: DEGRADED,
        says: 'unchanged since the stack drew it at random: the provider does not know it',
        next: `${bulwark('secrets put upstream --reason "…"', deployment)}  # docs/deploy.md, step 4`,
      };
    }
    return { status: OK, says: `changed ${age(now() - changedMs)} ago` };
  },
};

export const breakerDiagnosis: Diagnosis = {
  name: 'breaker',
  find: async (operator) => {
    const row = await readBreaker(operator);
    if (!row || row.status === BreakerStatus.CLOSED) return { status: OK, says: BreakerStatus.CLOSED };
    const says = `${row.status}${row.held ? ', held' : ''} for ${age(operator.now() - row.changedAt)} (${row.reason})`;
    const next = row.held ? 'breaker close --reason "…"' : 'breaker status';
    return { status: DEGRADED, says, next: bulwark(next, operator.deployment) };
  },
};

export const consumerDiagnosis: Diagnosis = {
  name: 'consumer',
  find: async (operator) => {
    const [{ state, maxConcurrency }, row, hold] = await Promise.all([
      readConsumer(operator),
      readBreaker(operator),
      readHold(operator),
    ]);
    const limit = maxConcurrency === undefined ? '' : `, at most ${maxConcurrency} at once`;
    if (state !== 'Disabled' && state !== 'Disabling') return { status: OK, says: `${state}${limit}` };
    if (isHeld(hold)) return { status: DEGRADED, says: `${state}, as spending is cut off` };
    if (row && row.status !== BreakerStatus.CLOSED)
      return { status: DEGRADED, says: `${state}, as the breaker is not closed` };
    return {
      status: DOWN,
      says: `${state}, although the breaker is closed: nothing is processed`,
      next: `aws lambda update-event-source-mapping --uuid ${operator.deployment.consumerMappingId} --enabled  # docs/runbooks/consumer-paused.md`,
    };
  },
};

export const queueDiagnosis: Diagnosis = {
  name: 'work queue',
  find: async ({ access, deployment }, signal) => {
    const { waiting, inFlight, delayed } = await depthOf(new SQSClient({ ...access }), deployment.queueUrl, signal);
    return { status: OK, says: `${waiting} waiting, ${inFlight} in flight, ${delayed} delayed` };
  },
};

export const deadLetterDiagnosis: Diagnosis = {
  name: 'dead letters',
  find: async ({ access, deployment }, signal): Promise<Finding> => {
    const depth = await depthOf(new SQSClient({ ...access }), deployment.deadLetterQueueUrl, signal);
    const count = depth.waiting + depth.inFlight + depth.delayed;
    if (count === 0) return { status: OK, says: 'none' };
    return { status: DEGRADED, says: `about ${count}`, next: bulwark('dlq list', deployment) };
  },
};

/**
 * Milliseconds that a job may wait before somebody should look, whatever the environment's `outage.stuckAfter` is: by
 * default the sweeper sends it again after as long.
 */
export const STUCK_AFTER_MS = 15 * 60_000;

export const oldestJobDiagnosis: Diagnosis = {
  name: 'oldest job',
  find: async (operator, signal): Promise<Finding> => {
    const { deployment, now } = operator;
    const oldest = await oldestJob(operator, signal);
    if (!oldest) return { status: OK, says: 'none is waiting' };
    const waitsMs = now() - oldest.dueAt;
    const says = `waits for ${age(waitsMs)}`;
    if (waitsMs < STUCK_AFTER_MS) return { status: OK, says };
    return { status: DEGRADED, says, next: bulwark(`jobs show --job ${oldest.jobId}`, deployment) };
  },
};

/** The queued job that waits longest, by the index of due jobs. */
async function oldestJob({ access, deployment }: Operator, abortSignal: AbortSignal) {
  const tables = DynamoDBDocumentClient.from(new DynamoDBClient({ ...access }));
  const oldestOf = async (shard: number) => {
    const { Items = [] } = await tables.send(
      new QueryCommand({
        TableName: deployment.jobsTable,
        IndexName: JobsTable.DUE_INDEX,
        KeyConditionExpression: '#bucket = :bucket',
        ExpressionAttributeNames: { '#bucket': JobsTable.DUE_BUCKET },
        ExpressionAttributeValues: { ':bucket': dueBucketOf(JobStatus.QUEUED, shard) },
        Limit: 1,
      }),
      { abortSignal },
    );
    return Items as { readonly jobId: string; readonly dueAt: number }[];
  };
  const oldest = await Promise.all(Array.from({ length: DUE_SHARDS }, (_, shard) => oldestOf(shard)));
  return oldest.flat().sort((a, b) => a.dueAt - b.dueAt)[0];
}

const bulwark = (command: string, { environment }: Deployment): string => `bulwark ${command} --env ${environment}`;
