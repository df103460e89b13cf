import { Problem } from '../../../lib/contract/problems';
import { ProblemError } from '../problems/errors';
import type { Decision, LimitPolicy, LimitState, LimitStates, Refused } from './decision';

/** Header fields of an answer, names in lower case. */
export type LimitHeaders = Readonly<Record<string, string>>;

const POLICIES = ['rate', 'day', 'month'] as const;

/** A list of structured fields (RFC 9651): each policy by its name, with its parameters. */
const listOf = (
  limits: LimitStates,
  chosen: readonly LimitPolicy[],
  parameters: (state: LimitState) => string,
): string =>
  chosen.flatMap((policy) => (limits[policy] ? [`"${policy}";${parameters(limits[policy])}`] : [])).join(', ');

/**
 * The header fields that tell a client its limits: `RateLimit-Policy` what they are, `RateLimit` what is left of them. A
 * refusal tells of the limits that refuse, and when it is worth to come again: `Retry-After`, in seconds.
 * Source: draft-ietf-httpapi-ratelimit-headers-11, sections 3, 4 and 6; RFC 9110, section 10.2.3.
 */
export const limitHeaders = (decision: Decision): LimitHeaders => ({
  'ratelimit-policy': listOf(decision.limits, POLICIES, ({ limit, windowSeconds }) => `q=${limit};w=${windowSeconds}`),
  ratelimit: listOf(
    decision.limits,
    decision.admitted ? POLICIES : decision.violated,
    ({ remaining, resetSeconds }) => `r=${remaining};t=${resetSeconds}`,
  ),
  ...(!decision.admitted && { 'retry-after': String(decision.retryAfterSeconds) }),
});

/** The same where it is not known what is left. */
export const UNAVAILABLE_HEADERS: LimitHeaders = { 'retry-after': '1' };

/** What a refused client is told: a quota that is used up, or else that it asks too often. */
export const limitProblem = ({ violated }: Refused): ProblemError => {
  const isQuota = violated.includes('day') || violated.includes('month');
  return new ProblemError(isQuota ? Problem.QUOTA_EXCEEDED : Problem.RATE_LIMITED, undefined, {
    violatedPolicies: violated,
  });
};
