import { DEFAULT_GLOBAL_SHARDS, MAX_GLOBAL_SHARDS, UNCAPPED } from '../../../lib/contract/ledger';
import { type Random, type Sleep, sleep } from '../clock/clock';

export interface SpendLedgerOptions {
  /**
   * Shards that the global cap is leased to, so that no row is written by everybody; an integer from 1 to 64. May be
   * changed at any time, and be another in some processes. @default 16
   */
  readonly shards?: number;
  /**
   * Milliseconds after which a reservation may be closed by `expire`; > 0. Each call extends it. Longer than a job may
   * take where nobody can say whether it is alive. @default 3600000
   */
  readonly leaseMs?: number;
  /** Times that something is tried where others come first; an integer >= 1. @default 24 */
  readonly attempts?: number;
  /** Upper bound of the first wait for others, in milliseconds; > 0. Each later one is twice it, by full jitter. @default 10 */
  readonly baseMs?: number;
  /** Upper bound of every wait for others, in milliseconds; at least `baseMs`. @default 250 */
  readonly capMs?: number;
}

/** The world as a ledger sees it. @default - `Math.random`, timers */
export interface SpendLedgerTools {
  readonly random?: Random;
  readonly sleep?: Sleep;
}

export const SPEND_LEDGER_DEFAULTS = {
  shards: DEFAULT_GLOBAL_SHARDS,
  leaseMs: 3_600_000,
  attempts: 24,
  baseMs: 10,
  capMs: 250,
} as const;

export type ResolvedOptions = Required<SpendLedgerOptions> & Required<SpendLedgerTools>;

/** The options with their defaults. @throws RangeError that names every option out of its range. */
export const resolveOptions = (options: SpendLedgerOptions, tools: SpendLedgerTools): ResolvedOptions => {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const resolved = { ...SPEND_LEDGER_DEFAULTS, ...(Object.fromEntries(given) as SpendLedgerOptions) };
  const { shards, leaseMs, attempts, baseMs, capMs } = resolved;
  const isCount = (value: number) => Number.isInteger(value) && value >= 1;
  const isSpan = (value: number) => value > 0 && value < Number.POSITIVE_INFINITY;
  const faults = [
    ...(isCount(shards) && shards <= MAX_GLOBAL_SHARDS
      ? []
      : [`\`shards\` must be an integer from 1 to ${MAX_GLOBAL_SHARDS}, got: ${shards}`]),
    ...(isCount(attempts) ? [] : [`\`attempts\` must be an integer >= 1, got: ${attempts}`]),
    ...(isSpan(leaseMs) ? [] : [`\`leaseMs\` must be > 0 and finite, got: ${leaseMs}`]),
    ...(isSpan(baseMs) ? [] : [`\`baseMs\` must be > 0 and finite, got: ${baseMs}`]),
    ...(isSpan(capMs) && capMs >= baseMs ? [] : [`\`capMs\` must be finite and >= \`baseMs\`, got: ${capMs}`]),
  ];
  if (faults.length > 0) throw new RangeError(faults.join('; '));
  return { ...resolved, random: tools.random ?? Math.random, sleep: tools.sleep ?? sleep };
};

const isAmount = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= UNCAPPED;

/** @throws RangeError that names every amount which is no integer from 0 to nine billion dollars. */
export const checkAmounts = (amounts: Readonly<Record<string, number | undefined>>): void => {
  const faults = Object.entries(amounts)
    .filter(([, value]) => value !== undefined && !isAmount(value))
    .map(([name, value]) => `\`${name}\` must be an integer from 0 to ${UNCAPPED} (micro-USD), got: ${value}`);
  if (faults.length > 0) throw new RangeError(faults.join('; '));
};

/** Longest id of a client, a job or a call, in characters. */
const MAX_ID_LENGTH = 256;

/** @throws RangeError that names every id which is empty or too long. */
export const checkIds = (ids: Readonly<Record<string, string>>): void => {
  const faults = Object.entries(ids)
    .filter(([, id]) => id.length === 0 || id.length > MAX_ID_LENGTH)
    .map(([name, id]) => `\`${name}\` must have 1 to ${MAX_ID_LENGTH} characters, got: ${id.length}`);
  if (faults.length > 0) throw new RangeError(faults.join('; '));
};
