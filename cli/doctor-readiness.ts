import { type HealthReport, HealthStatus, READINESS_PATH } from '../lib/contract/health';
import type { Diagnosis, Finding } from './doctor-finding';

/** The service's own `SystemHealthChecker`, asked over its API. */
export const readinessDiagnosis = (apiUrl: string | undefined): Diagnosis => ({
  name: 'service',
  find: async (_, signal): Promise<Finding> => {
    if (apiUrl === undefined) {
      return { status: 'skipped', says: 'not asked: an emulator serves the API elsewhere, say --api-url' };
    }
    const address = `${apiUrl}${READINESS_PATH}`;
    const next = `curl -i ${address}`;
    const answer = await fetch(address, { signal });
    const report = reportOf(await answer.text());
    if (!report) return { status: HealthStatus.DOWN, says: `${READINESS_PATH} answered ${answer.status}`, next };
    if (report.status === HealthStatus.OK) return { status: report.status, says: `all ${report.checks.length} checks` };
    const bad = report.checks.filter(({ status }) => status !== HealthStatus.OK);
    const says = bad.map(
      ({ name, status, detail }) => `${name} ${status}${detail ? ` ${JSON.stringify(detail)}` : ''}`,
    );
    return { status: report.status, says: says.join(', '), next };
  },
});

const STATUSES: readonly unknown[] = Object.values(HealthStatus);

function reportOf(text: string): HealthReport | undefined {
  try {
    const report = JSON.parse(text);
    return STATUSES.includes(report?.status) && Array.isArray(report.checks) ? report : undefined;
  } catch {
    return undefined;
  }
}
