import type { ProblemKind } from '../../../lib/contract/problems';

/** A place in the request body and what is wrong there; never a value of the request. */
export interface RequestFault {
  /** JSON pointer as a URI fragment (RFC 6901, section 6). */
  readonly pointer: string;
  readonly detail: string;
}

/** Thrown where a request is answered with a problem document; everything in it is shown to the client. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    readonly kind: ProblemKind,
    /** One sentence for this occurrence. @default - the kind's title says it all */
    readonly detail?: string,
    readonly errors?: readonly RequestFault[],
    /** Names of the limits that refuse the request. @default - none does */
    readonly violatedPolicies?: readonly string[],
  ) {
    super(detail ?? kind.title);
  }
}
