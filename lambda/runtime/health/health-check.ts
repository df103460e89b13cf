import type { HealthCheckReport, HealthStatusValue } from '../../../lib/contract/health';

/** What one check found out. */
export interface HealthFinding {
  readonly status: HealthStatusValue;
  /** Numbers and fixed words; nothing that names a resource or repeats an error's text. */
  readonly detail?: HealthCheckReport['detail'];
}

/** One thing that the service needs. */
export interface IHealthCheck {
  readonly name: string;
  /** Whether the service is down, and not just degraded, when this is. */
  readonly isCritical: boolean;
  /** Milliseconds that the check may take. @default 2000 */
  readonly timeoutMs?: number;
  /** Looks; a rejection means `down`. The signal is aborted at the deadline. */
  run(signal: AbortSignal): Promise<HealthFinding>;
}
