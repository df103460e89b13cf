import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { UPLOADS_DIMENSION } from '../../lib/contract/metrics';
import { metricsFlush } from '../middleware/metrics-flush';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { systemClock } from '../runtime/clock/clock';
import { readEnvironment, text } from '../runtime/environment/read-environment';
import { childLogger, count, distinguishMetrics, metrics } from '../runtime/observability/observability';
import { DynamoDbUploadStore } from '../runtime/uploads/dynamodb-upload-store';
import { S3CleanBucket } from '../runtime/uploads/s3-clean-bucket';
import { S3Quarantine } from '../runtime/uploads/s3-quarantine';
import { archiveLimits, malwareScan } from '../runtime/uploads/upload-environment';
import type { InspectDependencies } from './dependencies';
import { inspectBatch } from './inspect-batch';

const environment = readEnvironment({
  uploadsTable: text(EnvironmentKey.UPLOADS_TABLE),
  quarantine: text(EnvironmentKey.QUARANTINE_BUCKET),
  cleanBucket: text(EnvironmentKey.CLEAN_BUCKET),
  keyArn: text(EnvironmentKey.UPLOADS_KEY_ARN),
  label: text(EnvironmentKey.UPLOADS_LABEL),
  limits: archiveLimits(EnvironmentKey.UPLOAD_ARCHIVE_LIMITS),
  scanRequired: malwareScan(EnvironmentKey.UPLOAD_MALWARE_SCAN),
});

distinguishMetrics(UPLOADS_DIMENSION, environment.label);

/** A connection over which nothing comes for so long is lost. */
const STALLED_MS = 10_000;
/** S3 answers the copy of a large object only when it is made. */
const COPY_TIMEOUT_MS = 600_000;

const s3With = (requestTimeout: number, socketTimeout: number): S3Client =>
  new S3Client({
    ...awsClientOptions,
    requestHandler: { ...awsClientOptions.requestHandler, requestTimeout, socketTimeout },
  });

const s3 = s3With(awsClientOptions.requestHandler.requestTimeout, STALLED_MS);
const copyingS3 = s3With(COPY_TIMEOUT_MS, COPY_TIMEOUT_MS);

const { quarantine, cleanBucket: bucket, keyArn } = environment;

const dependencies: InspectDependencies = {
  store: new DynamoDbUploadStore(new DynamoDBClient(awsClientOptions), environment.uploadsTable),
  quarantine: new S3Quarantine(s3, quarantine),
  clean: new S3CleanBucket(copyingS3, { quarantine, bucket, keyArn }),
  count,
  now: systemClock,
  limits: environment.limits,
  scanRequired: environment.scanRequired,
};

/** Consumes the queue of what arrives in quarantine. */
export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(metricsFlush({ metrics }))
  .handler(async ({ Records }, { awsRequestId }) =>
    inspectBatch(Records, dependencies, { requestId: awsRequestId, logOf: childLogger }),
  );
