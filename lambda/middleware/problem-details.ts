import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { MetricName } from '../../lib/contract/metrics';
import { PROBLEM_CONTENT_TYPE, Problem } from '../../lib/contract/problems';
import type { Count, Log } from '../runtime/observability/observability';
import { ProblemError } from '../runtime/problems/errors';
import { problemDocument } from '../runtime/problems/problem-document';

export interface ProblemDetailsOptions {
  readonly log: Log;
  readonly count: Count;
}

/** Answers errors with problem documents: a `ProblemError` with its own, anything else with a 500 that says nothing. */
export const problemDetails = ({
  log,
  count,
}: ProblemDetailsOptions): MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult> => {
  const knownProblem = (error: unknown): ProblemError => {
    if (error instanceof ProblemError) {
      if (error.cause) log.error('The request was refused by a fault.', error.cause as Error);
      return error;
    }
    log.error('The request failed.', error as Error);
    return new ProblemError(Problem.INTERNAL);
  };

  return {
    onError: function problemDetailsOnError(request) {
      const { kind, detail, errors, violatedPolicies, retryAfterSeconds } = knownProblem(request.error);
      if (kind.status < 500) count(MetricName.REQUESTS_REFUSED);
      request.response = {
        statusCode: kind.status,
        headers: {
          'content-type': PROBLEM_CONTENT_TYPE,
          'cache-control': 'no-store',
          ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
        },
        body: JSON.stringify(
          problemDocument(kind, {
            requestId: request.event.requestContext.requestId,
            detail,
            errors,
            violatedPolicies,
          }),
        ),
      };
    },
  };
};
