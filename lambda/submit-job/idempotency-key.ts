import type { APIGatewayProxyEvent } from 'aws-lambda';
import { MAX_IDEMPOTENCY_KEY_LENGTH } from '../../lib/contract/limits';
import { Problem } from '../../lib/contract/problems';
import { isIdempotencyKey } from '../runtime/idempotency/job-id';
import { ProblemError } from '../runtime/problems/errors';
import { readHeaderValues } from '../runtime/request-headers/read-header';

/**
 * The request's idempotency key, or undefined where it has none.
 * @throws ProblemError 400 where it is given twice, empty, too long or not visible ASCII.
 */
export const readIdempotencyKey = (event: APIGatewayProxyEvent): string | undefined => {
  const [key, ...others] = readHeaderValues(event, 'idempotency-key');
  if (key === undefined) return undefined;
  if (others.length === 0 && isIdempotencyKey(key)) return key;
  throw new ProblemError(
    Problem.INVALID_IDEMPOTENCY_KEY,
    `It must be given once, as 1 to ${MAX_IDEMPOTENCY_KEY_LENGTH} visible ASCII characters.`,
  );
};
