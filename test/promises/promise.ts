import type { StackAddresses } from '../../local/stack';

/** What a drill has found; the order of the fields is that of the printed line. */
export interface PromiseResult {
  readonly promise: string;
  readonly measured: Readonly<Record<string, number>>;
  readonly goal: string;
  readonly holds: boolean;
  readonly seconds: number;
}

/** What one part of a drill has found; `holds` says whether the measured is the goal. */
export type Finding = Pick<PromiseResult, 'measured' | 'holds'>;

export interface SimulationOptions {
  /** The long form. */
  readonly full: boolean;
  /** Only what a test run has time for. @default false */
  readonly brief?: boolean;
  /** Tells what is going on. */
  readonly tell: (text: string) => void;
  /** Ends the drill. */
  readonly signal?: AbortSignal;
}

export interface DrillOptions extends SimulationOptions {
  readonly addresses: StackAddresses;
}

/** A promise of the design, and the drill that can refute it. A drill has one of the two parts, or both. */
export interface PromiseDrill {
  /** `P1` to `P9`. */
  readonly promise: string;
  readonly title: string;
  readonly goal: string;
  /** The part that needs nothing but this machine: real code in virtual time, over stores in memory. */
  simulate?(options: SimulationOptions): Promise<Finding>;
  /** The part that runs on a local stack; its figures are reported with `emulator` before their names. */
  onStack?(options: DrillOptions): Promise<Finding>;
}

/** Runs a drill's parts, those on a stack where there is one, and takes their time. */
export async function runDrill(
  drill: PromiseDrill,
  { addresses, ...options }: SimulationOptions & { readonly addresses?: StackAddresses },
  parts: readonly ('simulate' | 'onStack')[] = ['simulate', 'onStack'],
): Promise<PromiseResult> {
  const startedAt = performance.now();
  const findings: Finding[] = [];
  if (drill.simulate && parts.includes('simulate')) findings.push(await drill.simulate(options));
  if (drill.onStack && addresses && parts.includes('onStack')) {
    const { measured, holds } = await drill.onStack({ ...options, addresses });
    findings.push({ measured: prefixed(measured), holds });
  }
  const measured = Object.assign({}, ...findings.map((finding) => finding.measured));
  const holds = findings.length > 0 && findings.every((finding) => finding.holds);
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  return { promise: drill.promise, measured, goal: drill.goal, holds, seconds };
}

const prefixed = (measured: Finding['measured']): Finding['measured'] =>
  Object.fromEntries(
    Object.entries(measured).map(([name, value]) => [`emulator${name.charAt(0).toUpperCase()}${name.slice(1)}`, value]),
  );
