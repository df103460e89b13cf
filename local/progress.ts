/** Tells the user what is going on, one line a step. */
export interface Progress {
  /** Prints one line, with the seconds since the start. */
  step(text: string): void;
  /** Prints a result that a script or a person copies, without decoration. */
  result(text: string): void;
}

export interface ProgressOptions {
  /** Writes one line of progress. */
  readonly write: (line: string) => void;
  /** Writes one line of result. @default the same as `write` */
  readonly writeResult?: (line: string) => void;
  /** Milliseconds since some fixed moment. @default performance.now */
  readonly now?: () => number;
}

/** Progress in lines such as `[  3.2 s] Deployed bulwark-local-data`. */
export function createProgress(options: ProgressOptions): Progress {
  const now = options.now ?? (() => performance.now());
  const writeResult = options.writeResult ?? options.write;
  const startedAt = now();
  return {
    step: (text) => options.write(`[${((now() - startedAt) / 1000).toFixed(1).padStart(5)} s] ${text}`),
    result: (text) => writeResult(text),
  };
}
