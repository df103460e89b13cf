const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** A span of time in its two largest units, such as `3d 4h` or `12s`. */
export function age(ms: number): string {
  let rest = Math.max(0, ms);
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0 || parts.length > 0 || unit === 's') parts.push(`${whole}${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}
