/** A failure that a user can act on: its message is the one line that is printed, and the exit code is 1. */
export class LocalFailure extends Error {
  override readonly name = 'LocalFailure';
}

/** A command line that cannot be understood: one line, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit code and the text on stderr for whatever was thrown; an unforeseen error keeps its stack. */
export function describeFailure(thrown: unknown): { readonly code: 1 | 2; readonly text: string } {
  if (thrown instanceof UsageError) return { code: 2, text: thrown.message };
  if (thrown instanceof LocalFailure) return { code: 1, text: thrown.message };
  return { code: 1, text: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
}
