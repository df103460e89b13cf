import type { APIGatewayProxyEvent } from 'aws-lambda';
import { type PlanTerms, parsePlanTerms } from '../../../lib/contract/client-plan';
import { Problem } from '../../../lib/contract/problems';
import { ProblemError } from '../problems/errors';

type Authorized = Pick<APIGatewayProxyEvent, 'requestContext'>;

/**
 * The client that the authorizer let in.
 * @throws ProblemError 401 where there is none: a route without its authorizer answers nobody.
 */
export const authorizedClientId = ({ requestContext }: Authorized): string => {
  const clientId: unknown = requestContext.authorizer?.clientId;
  if (typeof clientId !== 'string' || clientId === '') throw new ProblemError(Problem.UNAUTHENTICATED);
  return clientId;
};

/**
 * What the plan of that client allows.
 * @throws ProblemError 503 where the authorizer named no plan, or terms that are none: without bounds nothing is done.
 */
export const authorizedPlan = ({ requestContext }: Authorized): PlanTerms => {
  const plan: unknown = requestContext.authorizer?.plan;
  const terms = typeof plan === 'string' ? parsePlanTerms(plan) : undefined;
  if (!terms) throw new ProblemError(Problem.UNAVAILABLE);
  return terms;
};
