/**
 * What an error means for the call that met it:
 * - `retry`: another call soon may succeed, after the backoff;
 * - `wait`: not before `retryAfterMs` milliseconds, which the other side asked for; the longer of it and the backoff
 *   is waited;
 * - `never`: every further call would meet the same.
 *
 * `paid` is false where the failed call has certainly cost nothing. @default - true: what is unknown counts as paid
 */
export type Classification =
  | { readonly action: 'retry' | 'never'; readonly paid?: boolean }
  | { readonly action: 'wait'; readonly retryAfterMs: number; readonly paid?: boolean };

export type Classify = (error: unknown) => Classification;
