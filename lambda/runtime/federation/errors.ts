import { CredentialUnavailableError } from '../secrets/errors';

/** Base of what keeps a process from getting a token by its identity; no message holds a part of a token. */
export class FederationError extends CredentialUnavailableError {
  override readonly name: string = 'FederationError';
}

/** Thrown when the AWS account does not let its identities be federated, which is how an account is at first. */
export class OutboundFederationDisabledError extends FederationError {
  override readonly name = 'OutboundFederationDisabledError';

  constructor(cause?: unknown) {
    super(
      'Outbound web identity federation is off in this AWS account. Switch it on, once: `aws iam enable-outbound-web-identity-federation`.',
      { cause },
    );
  }
}

/** Thrown when AWS did not attest the identity; `cause` is the SDK's error. */
export class IdentityTokenError extends FederationError {
  override readonly name = 'IdentityTokenError';

  constructor(cause?: unknown) {
    super('AWS gave no identity token.', { cause });
  }
}

/** Thrown when the provider refused the identity token, or could not be reached. */
export class TokenExchangeError extends FederationError {
  override readonly name = 'TokenExchangeError';

  constructor(
    /** HTTP status. @default - there was no answer */
    readonly status?: number,
    /** The provider's own name of the error, such as `invalid_grant`. @default - it gave none */
    readonly code?: string,
    cause?: unknown,
  ) {
    const codes = [status && `HTTP ${status}`, code].filter(Boolean).join(' ');
    super(`The token endpoint gave no token${codes ? `: ${codes}` : ''}.`, { cause });
  }
}

/** Thrown when the provider's answer is no token that can be used; says what is wrong, and no part of it. */
export class TokenMalformedError extends FederationError {
  override readonly name = 'TokenMalformedError';

  constructor(problem: string) {
    super(`The token endpoint's answer cannot be used: ${problem}.`);
  }
}
