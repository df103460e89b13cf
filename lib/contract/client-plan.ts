/**
 * What one client may do, as the authorizer hands it to the handlers: plain numbers, so that it travels as JSON in the
 * authorizer's context. Money is integer micro-USD: a millionth of a US dollar.
 */
export interface PlanTerms {
  /** Name of the plan: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Requests a second that are allowed for long. */
  readonly requestsPerSecond: number;
  /** Requests that may come at once. */
  readonly burst: number;
  /** Requests in one UTC day. @default - as many as come */
  readonly requestsPerDay?: number;
  /** Requests in one UTC month. @default - as many as come */
  readonly requestsPerMonth?: number;
  /** Micro-USD that may be committed in one UTC day. @default - no cap of its own */
  readonly spendPerDay?: number;
  /** Micro-USD that may be committed in one UTC month. @default - no cap of its own */
  readonly spendPerMonth?: number;
  /** Micro-USD that the worst case of one job may cost. @default - no cap of its own */
  readonly spendPerJob?: number;
  /** Models that it may ask for. @default - every model that has a price */
  readonly models?: readonly string[];
}
