/** A failure that an operator can act on: its message is the one line that is printed, and the exit code is 1. */
export class CommandFailure extends Error {
  override readonly name: string = 'CommandFailure';
}

/** A failure by which nothing was changed: something speaks against it, and the message says what. */
export class CommandRefusal extends CommandFailure {
  override readonly name = 'CommandRefusal';
}

/** A command line that cannot be understood: one line, and the exit code is 2. */
export class CommandUsageError extends Error {
  override readonly name = 'CommandUsageError';
}

/** A program that a command ran in its own place ended so: nothing is printed, its exit code is the command's. */
export class ProgramEnded extends Error {
  override readonly name = 'ProgramEnded';

  constructor(readonly code: number) {
    super(`the program ended with ${code}`);
  }
}
