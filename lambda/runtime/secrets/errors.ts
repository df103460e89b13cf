/** Thrown when a secret could not be read and no earlier value is held; `cause` is the source's error. */
export class SecretUnavailableError extends Error {
  override readonly name = 'SecretUnavailableError';

  constructor(cause: unknown) {
    super('The secret is not available.', { cause });
  }
}

/** Thrown when a secret was read but does not have the shape that it must have; says no part of it. */
export class SecretMalformedError extends Error {
  override readonly name = 'SecretMalformedError';
}
