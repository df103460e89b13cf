import type { MiddlewareObj, Request } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { MetricName } from '../../lib/contract/metrics';
import { Problem } from '../../lib/contract/problems';
import type { Count, Log } from '../runtime/observability/observability';
import { ProblemError } from '../runtime/problems/errors';
import type { Decision } from '../runtime/rate-limit/decision';
import { RateLimitUnavailableError } from '../runtime/rate-limit/errors';
import { type LimitHeaders, limitHeaders, limitProblem, UNAVAILABLE_HEADERS } from '../runtime/rate-limit/limit-answer';
import type { LimitedClient } from '../runtime/rate-limit/limited-client';
import type { IRateLimiter } from '../runtime/rate-limit/rate-limiter';

export interface RateLimitOptions<Event> {
  readonly limiter: Pick<IRateLimiter, 'admit'>;
  /** Who asks; what it throws is the answer. */
  readonly clientOf: (event: Event) => LimitedClient;
  readonly log: Log;
  readonly count: Count;
}

/** An event whose request was judged. */
export interface WithLimitHeaders extends APIGatewayProxyEvent {
  /** @default - not judged yet */
  limitHeaders?: LimitHeaders;
}

/**
 * Lets a request through where its client's limits allow it, and tells of them in every answer. Used before
 * `problemDetails`, so that it finds the answer that errors are given, whoever throws them.
 */
export const rateLimit = <Event extends WithLimitHeaders>({
  limiter,
  clientOf,
  log,
  count,
}: RateLimitOptions<Event>): MiddlewareObj<Event, APIGatewayProxyResult> => {
  const judge = async (event: Event): Promise<Decision> => {
    const { clientId, terms, cost } = clientOf(event);
    try {
      return await limiter.admit(clientId, terms, cost);
    } catch (error) {
      if (!(error instanceof RateLimitUnavailableError)) throw error;
      log.error('The limits of the client are not known.', error);
      count(MetricName.RATE_LIMIT_UNAVAILABLE);
      event.limitHeaders = UNAVAILABLE_HEADERS;
      throw new ProblemError(Problem.UNAVAILABLE);
    }
  };

  const tell = ({ event, response }: Request<Event, APIGatewayProxyResult>) => {
    if (response) response.headers = { ...response.headers, ...event.limitHeaders };
  };

  return {
    before: async function rateLimitBefore({ event }) {
      const decision = await judge(event);
      event.limitHeaders = limitHeaders(decision);
      if (!decision.admitted) throw limitProblem(decision);
    },
    after: function rateLimitAfter(request) {
      tell(request);
    },
    onError: function rateLimitOnError(request) {
      tell(request);
    },
  };
};
