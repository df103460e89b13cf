import type { CommandOutput } from './command';

/** Milliseconds of silence before the first line of progress, and between two. */
const EVERY_MS = 2_000;

/** Tells on standard error how far a long command is; nothing where it is over within two seconds. */
export class Progress {
  #nextMs: number;

  constructor(
    readonly output: Pick<CommandOutput, 'printError'>,
    readonly now: () => number,
  ) {
    this.#nextMs = now() + EVERY_MS;
  }

  tell(line: string): void {
    if (this.now() < this.#nextMs) return;
    this.output.printError(line);
    this.#nextMs = this.now() + EVERY_MS;
  }
}
