import type { ConfigCheck } from '../config-error';

/** A token bucket: how many requests a second in the long run, and how many at once. */
export interface ApiThrottle {
  /** Requests a second that are let through in the long run, between 1 and 10 000. */
  readonly rateLimit: number;
  /** Requests that are let through at once after a pause, between 1 and 5 000. */
  readonly burstLimit: number;
}

/** What all clients together may ask of a `GuardedApi` unless told otherwise. */
export const DEFAULT_STAGE_THROTTLE: ApiThrottle = { rateLimit: 100, burstLimit: 200 };

/** What one client of the plan `standard` may ask unless told otherwise. */
export const DEFAULT_CLIENT_THROTTLE: ApiThrottle = { rateLimit: 10, burstLimit: 20 };

/** The bounds are an account's own default limits: above them a throttle would never act. */
export function checkThrottle(check: ConfigCheck, prop: string, throttle: ApiThrottle): void {
  check
    .integer(`${prop}.rateLimit`, throttle.rateLimit, 1, 10_000)
    .integer(`${prop}.burstLimit`, throttle.burstLimit, 1, 5_000);
}
