import type { HealthStatusValue } from '../lib/contract/health';
import type { Operator } from './command';

/** What one look found: in words, and what to type next where something is wrong. */
export interface Finding {
  readonly status: HealthStatusValue | 'skipped';
  readonly says: string;
  readonly next?: string;
}

/** One look at one thing. */
export interface Diagnosis {
  readonly name: string;
  readonly find: (operator: Operator, signal: AbortSignal) => Promise<Finding>;
}
