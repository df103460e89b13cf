import type { ProblemKind } from '../../../lib/contract/problems';
import type { RequestFault } from './errors';

/** A problem document (RFC 9457). */
export interface ProblemDocument extends ProblemKind {
  /** Names this occurrence: `urn:bulwark:request:<request id>`. */
  readonly instance: string;
  readonly detail?: string;
  readonly errors?: readonly RequestFault[];
  /** Limits that refuse the request, by the names of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11, section 5.1). */
  readonly 'violated-policies'?: readonly string[];
}

export interface Occurrence {
  readonly requestId: string;
  readonly detail?: string;
  readonly errors?: readonly RequestFault[];
  readonly violatedPolicies?: readonly string[];
}

/** The document of one occurrence of a kind of problem. */
export const problemDocument = (
  { type, status, title }: ProblemKind,
  { requestId, detail, errors, violatedPolicies }: Occurrence,
): ProblemDocument => ({
  type,
  status,
  title,
  instance: `urn:bulwark:request:${requestId}`,
  ...(detail === undefined ? {} : { detail }),
  ...(errors === undefined ? {} : { errors }),
  ...(violatedPolicies === undefined ? {} : { 'violated-policies': violatedPolicies }),
});
