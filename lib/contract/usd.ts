/** Micro-USD of one US dollar. */
export const MICRO_USD = 1_000_000;

/** Micro-USD as people write it: `$50.00`, `-$0.25`, and more decimals than two only where it takes them, `$0.000125`. */
export const formatUsd = (microUsd: number): string => {
  const [whole, fraction = ''] = (Math.abs(microUsd) / MICRO_USD).toFixed(6).split('.');
  return `${microUsd < 0 ? '-' : ''}$${whole}.${fraction.replace(/0{1,4}$/, '')}`;
};

/** Micro-USD of a decimal number of dollars such as `50` or `0.25`, exact; undefined where it is none, or too large. */
export const parseUsd = (dollars: string): number | undefined => {
  const [, whole, fraction = ''] = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(dollars) ?? [];
  return whole === undefined ? undefined : Number(whole + fraction.padEnd(6, '0'));
};
