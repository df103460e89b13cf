import type { Logger } from '@aws-lambda-powertools/logger';
import type { MiddlewareObj, Request } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Clock } from '../runtime/clock/clock';
import { readHeader } from '../runtime/request-headers/read-header';

export interface RequestLogOptions {
  readonly logger: Pick<Logger, 'resetKeys' | 'appendKeys' | 'info'>;
  readonly now: Clock;
}

/** An event whose correlation id is settled. */
export interface WithCorrelationId extends APIGatewayProxyEvent {
  correlationId: string;
}

export const CORRELATION_HEADER = 'x-correlation-id';

/** A client's correlation id is taken where it is harmless in a log line and a header. */
const SANE_CORRELATION_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** Gives each request a correlation id, its client's or the gateway's request id, and writes one log line about it. */
export const requestLog = ({
  logger,
  now,
}: RequestLogOptions): MiddlewareObj<WithCorrelationId, APIGatewayProxyResult> => {
  let startedMs = 0;

  const finish = ({ event, response }: Request<WithCorrelationId, APIGatewayProxyResult>) => {
    if (!response) return;
    response.headers = { ...response.headers, [CORRELATION_HEADER]: event.correlationId };
    logger.info('Answered.', { status: response.statusCode, durationMs: now() - startedMs });
  };

  return {
    before: function requestLogBefore({ event }) {
      startedMs = now();
      const { requestId, authorizer } = event.requestContext;
      const wished = readHeader(event, CORRELATION_HEADER);
      event.correlationId = wished && SANE_CORRELATION_ID.test(wished) ? wished : requestId;
      logger.resetKeys();
      logger.appendKeys({
        requestId,
        correlationId: event.correlationId,
        clientId: authorizer?.clientId,
        method: event.httpMethod,
        route: event.resource,
      });
    },
    after: function requestLogAfter(request) {
      finish(request);
    },
    onError: function requestLogOnError(request) {
      finish(request);
    },
  };
};
