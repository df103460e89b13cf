/** A level of spending that somebody is to be warned of. */
export interface SpendWarning {
  /** `2026-11-27`, or `2026-11`. */
  readonly window: string;
  /** Micro-USD. Another cap in the same window is warned of anew. */
  readonly cap: number;
  /** Percent of the cap that is spent, of those at which the service warns. */
  readonly level: number;
  /** Milliseconds since the epoch at which the window ends. */
  readonly resetsAt: number;
}

/** Keeps of which levels the fleet has warned. */
export interface ISpendWarnings {
  /** Whether nobody has warned of this level of the window's cap yet, nor of a higher one; whoever asks first does. */
  claim(warning: SpendWarning): Promise<boolean>;
}
