import type { Random } from '../../../lambda/runtime/clock/clock';

/**
 * A generator that gives the same numbers for the same seed: mulberry32, by Tommy Ettinger, in the public domain.
 * @param seed any whole number
 */
export const seededRandom = (seed: number): Random => {
  let state = Math.imul(seed, 0x9e3779b1) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** Uniform in [`least`, `most`). */
export const between = (random: Random, least: number, most: number): number => least + random() * (most - least);

/** Exponentially distributed: the time to the next event of a Poisson process. */
export const exponential = (random: Random, mean: number): number => -mean * Math.log(1 - random());

/** The `p`-quantile of values, 0 for none. */
export const quantile = (values: readonly number[], p: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0;
};
