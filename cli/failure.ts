/** A failure that an operator can act on: its message is the one line that is printed, and the exit code is 1. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}

/** A command line that cannot be understood: one line, and the exit code is 2. */
export class CommandUsageError extends Error {
  override readonly name = 'CommandUsageError';
}
