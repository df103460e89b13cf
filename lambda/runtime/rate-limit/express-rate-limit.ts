import type { IncomingMessage, ServerResponse } from 'node:http';
import { PROBLEM_CONTENT_TYPE, Problem } from '../../../lib/contract/problems';
import { ProblemError } from '../problems/errors';
import { problemDocument } from '../problems/problem-document';
import type { Decision } from './decision';
import { RateLimitUnavailableError } from './errors';
import { type LimitHeaders, limitHeaders, limitProblem, UNAVAILABLE_HEADERS } from './limit-answer';
import type { LimitedClient } from './limited-client';
import type { IRateLimiter } from './rate-limiter';

export interface ExpressRateLimitOptions<Req extends IncomingMessage = IncomingMessage> {
  readonly limiter: Pick<IRateLimiter, 'admit'>;
  /** Who asks. What it throws, or rejects with, goes to `next`. */
  readonly clientOf: (request: Req) => LimitedClient | Promise<LimitedClient>;
  /** Names the request in problem documents. @default - a random UUID */
  readonly requestIdOf?: (request: Req) => string;
  /** Told when a request is answered 503 because its client's limits are not known; must not throw. */
  readonly onUnavailable?: (error: RateLimitUnavailableError, request: Req) => void;
}

/** A middleware of Express 4 and 5, in terms of Node itself. */
export type ExpressMiddleware<Req extends IncomingMessage = IncomingMessage> = (
  request: Req,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** What becomes of a request: it goes on, or is answered with a problem. */
interface Outcome {
  readonly headers: LimitHeaders;
  readonly problem?: ProblemError;
}

const outcomeOf = (decision: Decision): Outcome => ({
  headers: limitHeaders(decision),
  ...(!decision.admitted && { problem: limitProblem(decision) }),
});

const answer = (response: ServerResponse, { kind, violatedPolicies }: ProblemError, requestId: string): void => {
  response.statusCode = kind.status;
  response.setHeader('content-type', PROBLEM_CONTENT_TYPE);
  response.setHeader('cache-control', 'no-store');
  response.end(JSON.stringify(problemDocument(kind, { requestId, violatedPolicies })));
};

/** To Express, nothing is no error, and the words `route` and `router` let the request go on elsewhere. */
const errorOf = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error('The client of the request is not known.', { cause: thrown });

/**
 * Lets a request through where its client's limits allow it, and tells of them in the answer; else answers 429, or 503
 * where the limits are not known, with a problem document. Every other error goes to `next`.
 */
export const rateLimit = <Req extends IncomingMessage = IncomingMessage>(
  options: ExpressRateLimitOptions<Req>,
): ExpressMiddleware<Req> => {
  const { limiter, clientOf, requestIdOf = () => crypto.randomUUID(), onUnavailable } = options;

  const judge = async (request: Req): Promise<Outcome> => {
    const { clientId, terms, cost } = await clientOf(request);
    try {
      return outcomeOf(await limiter.admit(clientId, terms, cost));
    } catch (error) {
      if (!(error instanceof RateLimitUnavailableError)) throw error;
      onUnavailable?.(error, request);
      return { headers: UNAVAILABLE_HEADERS, problem: new ProblemError(Problem.UNAVAILABLE) };
    }
  };

  /** Answers whether the request goes on. */
  const tell = ({ headers, problem }: Outcome, request: Req, response: ServerResponse): boolean => {
    // Answered by another meanwhile, such as a timeout.
    if (response.headersSent) return false;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (problem) answer(response, problem, requestIdOf(request));
    return !problem;
  };

  return function rateLimitMiddleware(request, response, next) {
    judge(request)
      .then((outcome) => tell(outcome, request, response))
      .then(
        (goesOn) => {
          if (goesOn) next();
        },
        (error: unknown) => next(errorOf(error)),
      );
  };
};
