import type { ProblemKind } from '../../../lib/contract/problems';
import type { RequestFault } from './errors';

/** A problem document (RFC 9457). */
export interface ProblemDocument extends ProblemKind {
  /** Names this occurrence: `urn:bulwark:request:<request id>`. */
  readonly instance: string;
  readonly detail?: string;
  readonly errors?: readonly RequestFault[];
}

export interface Occurrence {
  readonly requestId: string;
  readonly detail?: string;
  readonly errors?: readonly RequestFault[];
}

/** The document of one occurrence of a kind of problem. */
export const problemDocument = (
  { type, status, title }: ProblemKind,
  { requestId, detail, errors }: Occurrence,
): ProblemDocument => ({
  type,
  status,
  title,
  instance: `urn:bulwark:request:${requestId}`,
  ...(detail === undefined ? {} : { detail }),
  ...(errors === undefined ? {} : { errors }),
});
