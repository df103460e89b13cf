import type { APIGatewayProxyEvent } from 'aws-lambda';
import { Problem } from '../../../lib/contract/problems';
import { ProblemError } from '../problems/errors';

/**
 * The client that the authorizer let in.
 * @throws ProblemError 401 where there is none: a route without its authorizer answers nobody.
 */
export const authorizedClientId = ({ requestContext }: Pick<APIGatewayProxyEvent, 'requestContext'>): string => {
  const clientId: unknown = requestContext.authorizer?.clientId;
  if (typeof clientId !== 'string' || clientId === '') throw new ProblemError(Problem.UNAUTHENTICATED);
  return clientId;
};
