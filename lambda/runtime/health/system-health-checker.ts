import {
  type HealthCheckReport,
  type HealthReport,
  HealthStatus,
  type HealthStatusValue,
} from '../../../lib/contract/health';
import type { Clock, Sleep } from '../clock/clock';
import type { HealthFinding, IHealthCheck } from './health-check';

/** Milliseconds that a check may take unless it says otherwise. */
export const DEFAULT_CHECK_TIMEOUT_MS = 2_000;

/** Milliseconds that a report is served again unless told otherwise. */
export const DEFAULT_REPORT_TTL_MS = 1_000;

export interface SystemHealthCheckerOptions {
  readonly checks: readonly IHealthCheck[];
  /** Milliseconds, 0 or more, that a report is served again before the next look. @default 1000 */
  readonly ttlMs?: number;
  readonly now: Clock;
  readonly sleep: Sleep;
}

/**
 * Looks at everything that the service needs: all checks at once, each inside a deadline of its own, so that a stalled
 * dependency cannot stall the answer. Any number of askers cost one look at a time, and one a `ttlMs`.
 */
export class SystemHealthChecker {
  readonly #options: SystemHealthCheckerOptions;
  readonly #ttlMs: number;
  #report: HealthReport | undefined;
  #freshUntil = 0;
  #looking: Promise<HealthReport> | undefined;

  constructor(options: SystemHealthCheckerOptions) {
    this.#options = options;
    this.#ttlMs = options.ttlMs ?? DEFAULT_REPORT_TTL_MS;
  }

  /** How the system is. Never rejects: what cannot be found out is `down`. */
  async check(): Promise<HealthReport> {
    if (this.#report && this.#options.now() < this.#freshUntil) return this.#report;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<HealthReport> {
    const { checks, now } = this.#options;
    const reports = await Promise.all(checks.map((check) => this.#run(check)));
    this.#freshUntil = now() + this.#ttlMs;
    this.#report = { status: overall(reports), checkedAt: new Date(now()).toISOString(), checks: reports };
    return this.#report;
  }

  async #run(check: IHealthCheck): Promise<HealthCheckReport> {
    const { now } = this.#options;
    const startedMs = now();
    const { status, detail } = await this.#findInTime(check);
    return {
      name: check.name,
      status,
      critical: check.isCritical,
      durationMs: Math.max(0, now() - startedMs),
      ...(detail && { detail }),
    };
  }

  async #findInTime(check: IHealthCheck): Promise<HealthFinding> {
    const deadline = new AbortController();
    const answered = new AbortController();
    const tooLate = async (): Promise<HealthFinding> => {
      await this.#options.sleep(check.timeoutMs ?? DEFAULT_CHECK_TIMEOUT_MS, answered.signal);
      deadline.abort();
      return { status: HealthStatus.DOWN, detail: { error: 'Timeout' } };
    };
    const find = async (): Promise<HealthFinding> => check.run(deadline.signal);
    try {
      return await Promise.race([find(), tooLate()]);
    } catch (error) {
      return { status: HealthStatus.DOWN, detail: { error: nameOf(error) } };
    } finally {
      answered.abort();
    }
  }
}

/** An error's name only: its text may name resources. */
const nameOf = (error: unknown): string =>
  error instanceof Error && /^\w{1,64}$/.test(error.name) ? error.name : 'Error';

const overall = (reports: readonly HealthCheckReport[]): HealthStatusValue => {
  if (reports.some(({ critical, status }) => critical && status === HealthStatus.DOWN)) return HealthStatus.DOWN;
  return reports.every(({ status }) => status === HealthStatus.OK) ? HealthStatus.OK : HealthStatus.DEGRADED;
};
