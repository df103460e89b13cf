import middy from '@middy/core';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { problemDetails } from '../middleware/problem-details';
import { requestLog, type WithCorrelationId } from '../middleware/request-log';
import { responseHeaders } from '../middleware/response-headers';
import { systemClock } from '../runtime/clock/clock';
import { readEnvironment, text } from '../runtime/environment/read-environment';
import { count, logger } from '../runtime/observability/observability';
import { health } from './health';

const { version } = readEnvironment({ version: text(EnvironmentKey.VERSION) });

/** `GET /health` */
export const handler = middy<WithCorrelationId, APIGatewayProxyResult>()
  .use(requestLog({ logger, now: systemClock }))
  .use(responseHeaders())
  .use(problemDetails({ log: logger, count }))
  .handler(async () => health({ version, now: systemClock }));
