/** Base of what is thrown where a process has no credential to use; no message holds a part of one. */
export class CredentialUnavailableError extends Error {
  override readonly name: string = 'CredentialUnavailableError';
}

/** Thrown when a secret could not be read and no earlier value is held; `cause` is the source's error. */
export class SecretUnavailableError extends CredentialUnavailableError {
  override readonly name = 'SecretUnavailableError';

  constructor(cause: unknown) {
    super('The secret is not available.', { cause });
  }
}

/** Thrown when a secret was read but does not have the shape that it must have; says no part of it. */
export class SecretMalformedError extends Error {
  override readonly name = 'SecretMalformedError';
}
