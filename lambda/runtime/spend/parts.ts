/** An amount as the windows have it: the UTC day to which it is charged, and the shard of the global cap. */
export interface Part {
  readonly day: string;
  readonly shard: number;
  /** Micro-USD. */
  readonly amount: number;
}

export const totalOf = (parts: readonly Part[]): number => parts.reduce((sum, { amount }) => sum + amount, 0);

/** One part for each day and shard, in the order in which they come; none of 0. */
export const merged = (parts: readonly Part[]): readonly Part[] => {
  const sums = new Map<string, Part>();
  for (const part of parts) {
    const place = `${part.day} ${part.shard}`;
    sums.set(place, { ...part, amount: part.amount + (sums.get(place)?.amount ?? 0) });
  }
  return [...sums.values()].filter(({ amount }) => amount !== 0);
};

/** Takes an amount, as far as there is so much: from the first parts first. */
export const takeFrom = (
  parts: readonly Part[],
  amount: number,
): { readonly taken: readonly Part[]; readonly rest: readonly Part[] } => {
  let left = amount;
  const taken = parts.map((part) => {
    const share = Math.min(part.amount, left);
    left -= share;
    return { ...part, amount: share };
  });
  return { taken: merged(taken), rest: merged([...parts, ...negated(taken)]) };
};

export const negated = (parts: readonly Part[]): readonly Part[] =>
  parts.map((part) => ({ ...part, amount: -part.amount }));
