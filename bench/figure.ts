/** One measured figure of a bench, printed as a row or as one JSON line. */
export interface Figure {
  readonly bench: string;
  /** What was measured, where one bench has more than one figure. */
  readonly subject: string;
  readonly figure: number;
  readonly unit: string;
  /** Interquartile range over the runs, as a share of the median. */
  readonly spread?: number;
  /** `null` where the figure is stated without a goal. */
  readonly goal: string | null;
  readonly meets: boolean | null;
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  run(report: (line: string) => void): Promise<readonly Figure[]>;
}

/** Runs every candidate once per round, reversing the order every other round, so that drift hits all alike. */
export async function interleave<Key extends string>(
  candidates: Record<Key, () => Promise<number>>,
  rounds: number,
): Promise<Record<Key, readonly number[]>> {
  const keys = Object.keys(candidates) as Key[];
  const samples = Object.fromEntries(keys.map((key) => [key, [] as number[]])) as Record<Key, number[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const key of round % 2 === 0 ? keys : keys.toReversed()) {
      samples[key].push(await candidates[key]());
    }
  }
  return samples;
}

export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((left, right) => left - right);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) {
    throw new RangeError('a quantile needs at least one sample');
  }
  return below + (above - below) * (position - Math.floor(position));
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

export const spread = (samples: readonly number[]): number =>
  round((quantile(samples, 0.75) - quantile(samples, 0.25)) / median(samples), 2);

export function round(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
