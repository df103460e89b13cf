import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { PlanTerms } from '../../../lib/contract/client-plan';
import { Problem } from '../../../lib/contract/problems';
import { ProblemError } from '../problems/errors';
import { limitsOf } from '../rate-limit/limits';

const MONEY = ['spendPerDay', 'spendPerMonth', 'spendPerJob'] as const;

const isMoney = (value: unknown): boolean =>
  value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0);

const isModels = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.every((model) => typeof model === 'string'));

/** @throws Error or RangeError where it is not the terms of a plan. */
const parse = (text: unknown): PlanTerms => {
  const terms = JSON.parse(text as string) as PlanTerms;
  limitsOf(terms);
  if (typeof terms.name !== 'string' || !MONEY.every((key) => isMoney(terms[key])) || !isModels(terms.models)) {
    throw new RangeError('The terms are not those of a plan.');
  }
  return terms;
};

/**
 * The plan that the authorizer found for the client.
 * @throws ProblemError 503 where it is missing or malformed: without its limits a request must not go on.
 */
export const authorizedPlan = ({ requestContext }: Pick<APIGatewayProxyEvent, 'requestContext'>): PlanTerms => {
  const text: unknown = requestContext.authorizer?.plan;
  if (typeof text !== 'string') throw new ProblemError(Problem.UNAVAILABLE);
  try {
    return parse(text);
  } catch {
    throw new ProblemError(Problem.UNAVAILABLE);
  }
};
