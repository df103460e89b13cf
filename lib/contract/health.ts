/** How a part of the service is, or the whole of it. */
export const HealthStatus = {
  OK: 'ok',
  /** It works, but not as it should: somebody should look. */
  DEGRADED: 'degraded',
  /** It does not work. */
  DOWN: 'down',
} as const;

export type HealthStatusValue = (typeof HealthStatus)[keyof typeof HealthStatus];

/** What a check found out, as `GET /ready` answers it: numbers and fixed words only, for the route is public. */
export interface HealthCheckReport {
  readonly name: string;
  readonly status: HealthStatusValue;
  /** Whether the whole service is down when this is. */
  readonly critical: boolean;
  /** Milliseconds that the check took. */
  readonly durationMs: number;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** All checks together: `down` where a critical one is, `degraded` where any other is not `ok`. */
export interface HealthReport {
  readonly status: HealthStatusValue;
  /** ISO 8601. */
  readonly checkedAt: string;
  readonly checks: readonly HealthCheckReport[];
}

/** Path of the route that answers a `HealthReport`. */
export const READINESS_PATH = '/ready';
