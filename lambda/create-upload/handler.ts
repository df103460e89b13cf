import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import middy from '@middy/core';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { MAX_BODY_DEPTH, MAX_BODY_ITEMS, MAX_BODY_PROPERTIES } from '../../lib/contract/limits';
import { MAX_UPLOAD_BYTES, uploadSchema } from '../../lib/contract/upload-schema';
import { jsonBody, type WithJsonBody } from '../middleware/json-body';
import { metricsFlush } from '../middleware/metrics-flush';
import { problemDetails } from '../middleware/problem-details';
import { rateLimit, type WithLimitHeaders } from '../middleware/rate-limit';
import { requestLog, type WithCorrelationId } from '../middleware/request-log';
import { responseHeaders } from '../middleware/response-headers';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { authorizedClientId, authorizedPlan } from '../runtime/clients/authorized-client';
import { systemClock } from '../runtime/clock/clock';
import { integer, optionalText, readEnvironment, text } from '../runtime/environment/read-environment';
import { count, logger, metrics } from '../runtime/observability/observability';
import { DynamoDbRateLimitStore } from '../runtime/rate-limit/dynamodb-rate-limit-store';
import { RateLimiter } from '../runtime/rate-limit/rate-limiter';
import { DynamoDbUploadStore } from '../runtime/uploads/dynamodb-upload-store';
import { S3UploadForms } from '../runtime/uploads/s3-upload-forms';
import { contentTypes } from '../runtime/uploads/upload-environment';
import { type CreatedUpload, createUpload } from './create-upload';

const environment = readEnvironment({
  uploadsTable: text(EnvironmentKey.UPLOADS_TABLE),
  limitsTable: optionalText(EnvironmentKey.LIMITS_TABLE),
  quarantine: text(EnvironmentKey.QUARANTINE_BUCKET),
  contentTypes: contentTypes(EnvironmentKey.UPLOAD_CONTENT_TYPES),
  maxBytes: integer(EnvironmentKey.UPLOAD_MAX_BYTES, { min: 1, max: MAX_UPLOAD_BYTES }),
  windowSeconds: integer(EnvironmentKey.UPLOAD_WINDOW_SECONDS, { min: 1, max: 3_600 }),
  recordDays: integer(EnvironmentKey.UPLOAD_RECORD_DAYS, { min: 1, max: 3_650 }),
});

/** The request describes an upload and is none: it is small. */
const MAX_BODY_BYTES = 4_096;

/** Every name that a request may use. */
const UPLOAD_NAMES: ReadonlySet<string> = new Set(Object.keys(uploadSchema.properties));

const dynamodb = new DynamoDBClient(awsClientOptions);

const dependencies = {
  store: new DynamoDbUploadStore(dynamodb, environment.uploadsTable),
  forms: new S3UploadForms(new S3Client(awsClientOptions), environment.quarantine),
  count,
  now: systemClock,
  randomBytes,
  contentTypes: environment.contentTypes,
  maxBytes: environment.maxBytes,
  windowSeconds: environment.windowSeconds,
  recordDays: environment.recordDays,
};

/** Relative to the request's own URL: which stage or base path lies before it, a handler cannot know. */
const locationOf = (id: string, path: string): string => (path.endsWith('/') ? id : `uploads/${id}`);

const toResponse = ({ id, status, form, expiresAt }: CreatedUpload, path: string): APIGatewayProxyResult => ({
  statusCode: 201,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', location: locationOf(id, path) },
  body: JSON.stringify({ id, status, upload: form, expiresAt }),
});

/** Counts the request in its client's limits, where the service has them: an upload costs money, too. */
const limits = (limitsTable: string | undefined) =>
  limitsTable === undefined
    ? []
    : [
        rateLimit({
          limiter: new RateLimiter({ store: new DynamoDbRateLimitStore(dynamodb, limitsTable) }),
          clientOf: (event) => ({ clientId: authorizedClientId(event), terms: authorizedPlan(event) }),
          log: logger,
          count,
        }),
      ];

/** `POST /v1/uploads` */
export const handler = middy<WithCorrelationId & WithLimitHeaders & WithJsonBody, APIGatewayProxyResult>()
  .use(metricsFlush({ metrics }))
  .use(requestLog({ logger, now: systemClock }))
  .use(responseHeaders())
  .use(limits(environment.limitsTable))
  .use(problemDetails({ log: logger, count }))
  .use(
    jsonBody({
      maxBytes: MAX_BODY_BYTES,
      maxDepth: MAX_BODY_DEPTH,
      maxProperties: MAX_BODY_PROPERTIES,
      maxItems: MAX_BODY_ITEMS,
      propertyNames: UPLOAD_NAMES,
    }),
  )
  .handler(async (event) => {
    const created = await createUpload({ clientId: authorizedClientId(event), body: event.jsonBody }, dependencies);
    logger.appendKeys({ uploadId: created.id });
    return toResponse(created, event.path);
  });
