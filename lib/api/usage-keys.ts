/** Whose usage key a new client gets, by which API Gateway counts and throttles. */
export enum UsageKeys {
  /** One of its own, of which an account has 10 000 in a Region; where none is left, that of its plan. */
  CLIENT = 'client',
  /** The one that all such clients of its plan share. */
  PLAN = 'plan',
}
