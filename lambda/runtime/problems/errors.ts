import type { ProblemKind } from '../../../lib/contract/problems';

/** A place in the request body and what is wrong there; never a value of the request. */
export interface RequestFault {
  /** JSON pointer as a URI fragment (RFC 6901, section 6). */
  readonly pointer: string;
  readonly detail: string;
}

export interface ProblemOptions extends ErrorOptions {
  readonly errors?: readonly RequestFault[];
  /** Names of the limits that refuse the request. @default - none does */
  readonly violatedPolicies?: readonly string[];
  /** Seconds after which the same request may be answered otherwise. @default - nobody knows */
  readonly retryAfterSeconds?: number;
}

/** Thrown where a request is answered with a problem document; everything in it but its cause is shown to the client. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly errors: readonly RequestFault[] | undefined;
  readonly violatedPolicies: readonly string[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly kind: ProblemKind,
    /** One sentence for this occurrence. @default - the kind's title says it all */
    readonly detail?: string,
    { errors, violatedPolicies, retryAfterSeconds, ...options }: ProblemOptions = {},
  ) {
    super(detail ?? kind.title, options);
    this.errors = errors;
    this.violatedPolicies = violatedPolicies;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
