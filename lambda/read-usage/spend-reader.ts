import type { PlanTerms } from '../../lib/contract/client-plan';

/** What is committed of a spending cap: spent, or reserved for jobs that have not ended. Money is micro-USD. */
export interface SpendWindow {
  /** The UTC day, `YYYY-MM-DD`, or month, `YYYY-MM`. */
  readonly window: string;
  readonly committed: number;
  /** @default - no cap of the client's own */
  readonly limit?: number;
  /** @default - no cap of the client's own */
  readonly remaining?: number;
  /** Whole seconds, rounded up, until the window ends. */
  readonly resetSeconds: number;
}

/** What a client has committed of its money. */
export interface SpendUsage {
  readonly day: SpendWindow;
  readonly month: SpendWindow;
}

/** Knows what is committed of a client's spending caps: the seam to the spend ledger. */
export interface ISpendReader {
  /** Reads and reserves nothing. A call rejects where the ledger cannot be reached. */
  readSpend(clientId: string, terms: PlanTerms): Promise<SpendUsage>;
}
