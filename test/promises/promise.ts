import type { StackAddresses } from '../../local/stack';

/** What a drill has found; the order of the fields is that of the printed line. */
export interface PromiseResult {
  readonly promise: string;
  readonly measured: Readonly<Record<string, number>>;
  readonly goal: string;
  readonly holds: boolean;
  readonly seconds: number;
}

export interface DrillOptions {
  readonly addresses: StackAddresses;
  /** The long form. */
  readonly full: boolean;
  /** Tells what is going on. */
  readonly tell: (text: string) => void;
  /** Ends the drill. */
  readonly signal?: AbortSignal;
}

/** A promise of the design, and the drill that can refute it. */
export interface PromiseDrill {
  /** `P1` to `P9`. */
  readonly promise: string;
  readonly title: string;
  readonly goal: string;
  /** Measures; `holds` says whether the measured is the goal. */
  run(options: DrillOptions): Promise<Pick<PromiseResult, 'measured' | 'holds'>>;
}

/** Runs one drill and takes its time. */
export async function runDrill(drill: PromiseDrill, options: DrillOptions): Promise<PromiseResult> {
  const startedAt = performance.now();
  const { measured, holds } = await drill.run(options);
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  return { promise: drill.promise, measured, goal: drill.goal, holds, seconds };
}
