/** Base of what stops a rotation; no message of it holds a secret. The current value stays current. */
export class RotationError extends Error {
  override readonly name: string = 'RotationError';
}

/** Thrown when an event is not one of the four steps of the secret's own rotation. */
export class RotationEventError extends RotationError {
  override readonly name = 'RotationEventError';
}

/** Thrown when the secret has no version with the event's token, or one that is not `AWSPENDING`. */
export class RotationStageError extends RotationError {
  override readonly name = 'RotationStageError';
}

/** Thrown by a step that needs the pending value when `createSecret` has not stored one. */
export class PendingValueMissingError extends RotationError {
  override readonly name = 'PendingValueMissingError';

  constructor() {
    super('The pending version has no value: `createSecret` has not run, or has failed.');
  }
}

/** Thrown when another run of the same rotation has stored another value; this one's was undone. */
export class RotationConflictError extends RotationError {
  override readonly name = 'RotationConflictError';

  constructor(cause?: unknown) {
    super('Another run of this rotation has stored another value.', { cause });
  }
}

/** Thrown when the provider does not accept a credential that it should; `cause` is the provider's error. */
export class CredentialRejectedError extends RotationError {
  override readonly name = 'CredentialRejectedError';

  constructor(cause?: unknown) {
    super('The upstream does not accept the pending credential.', { cause });
  }
}

/** Thrown when no key of the pool but the current one works. */
export class PoolExhaustedError extends RotationError {
  override readonly name = 'PoolExhaustedError';

  constructor(readonly tried: number) {
    super(`No other key of the pool works; tried: ${tried}. Add keys to the pool.`);
  }
}

/** Thrown when a client has two live keys already, of which neither may be ended yet. */
export class ClientKeysInUseError extends RotationError {
  override readonly name = 'ClientKeysInUseError';

  constructor() {
    super(
      'The client has two live keys, and the grace of the older is not over. If that one was made by hand and the secret has never held it, nothing will end it: put it into the secret before a rotation, or rotate a new client.',
    );
  }
}

/** Thrown when the client whose key is rotated does not exist. */
export class ClientMissingError extends RotationError {
  override readonly name = 'ClientMissingError';

  constructor(clientId: string) {
    super(`There is no client ${clientId}.`);
  }
}

/** Thrown when others kept changing the client's keys. */
export class ClientKeysContendedError extends RotationError {
  override readonly name = 'ClientKeysContendedError';

  constructor(clientId: string) {
    super(`The keys of client ${clientId} were changed by others again and again.`);
  }
}

/** Thrown when the pending key is not among the client's: `setSecret` has not run, or somebody took it away since. */
export class ClientKeyMissingError extends RotationError {
  override readonly name = 'ClientKeyMissingError';

  constructor(clientId: string) {
    super(`The pending key is not among the keys of client ${clientId}.`);
  }
}

/** Thrown when the rotator is asked to rotate what a function of AWS's own rotates. */
export class HostedElsewhereError extends RotationError {
  override readonly name = 'HostedElsewhereError';

  constructor() {
    super("The secret is rotated by AWS's own function.");
  }
}
