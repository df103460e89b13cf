import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { EnvironmentKey } from '../contract/environment-keys';
import { JobStatus, JobsTable } from '../contract/tables';
import type { StandardFunction } from '../functions/standard-function';
import type { DataAccess } from './data-access';
import type { DataStack } from './data-stack';
import type { CreateFunction } from './outage-control';

export interface JobRelayProps {
  readonly data: DataStack;
  readonly access: DataAccess;
  readonly createFunction: CreateFunction;
}

/** Adds what brings accepted jobs into the work queue: the relay that follows the stream of the jobs table. */
export function addJobRelay({ data, access, createFunction }: JobRelayProps): StandardFunction {
  const { workQueue } = data;
  const relay = createFunction(
    'RelayOutbox',
    'relay-outbox',
    { [EnvironmentKey.QUEUE_URL]: workQueue.queue.queueUrl },
    { timeout: Duration.seconds(30) },
  );
  const listing = access.followJobs(relay);
  workQueue.grantSend(relay);
  // No limit on retries or age: a record that is given up is an accepted job that is lost.
  const mapping = relay.addEventSourceMapping('JobsStream', {
    eventSourceArn: access.streamArnOf(data.jobsTable),
    startingPosition: lambda.StartingPosition.TRIM_HORIZON,
    batchSize: 100,
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    filters: [
      lambda.FilterCriteria.filter({
        eventName: lambda.FilterRule.isEqual('INSERT'),
        dynamodb: {
          NewImage: {
            [JobsTable.SORT_KEY]: { S: lambda.FilterRule.isEqual(JobsTable.JOB_PART) },
            status: { S: lambda.FilterRule.isEqual(JobStatus.QUEUED) },
          },
        },
      }),
    ],
  });
  mapping.node.addDependency(listing);
  return relay;
}
