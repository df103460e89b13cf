import type { LimitTerms } from './limits';

/** A client, and what it may do. */
export interface LimitedClient {
  /** Names the client in the store; of two clients never the same. */
  readonly clientId: string;
  readonly terms: LimitTerms;
  /** Tokens that the request takes, a whole number from 1 to the burst; what it counts for in the quotas, too. @default 1 */
  readonly cost?: number;
}
