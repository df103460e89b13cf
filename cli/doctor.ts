import { HealthStatus, type HealthStatusValue } from '../lib/contract/health';
import type { Operator } from './command';
import {
  breakerDiagnosis,
  consumerDiagnosis,
  deadLetterDiagnosis,
  oldestJobDiagnosis,
  queueDiagnosis,
  secretDiagnosis,
  tableDiagnoses,
} from './doctor-checks';
import type { Diagnosis, Finding } from './doctor-finding';
import { readinessDiagnosis } from './doctor-readiness';
import { spendDiagnosis } from './spend/spend-diagnosis';

export interface DoctorReport {
  readonly status: HealthStatusValue;
  readonly findings: readonly (Finding & { readonly name: string })[];
}

/** Milliseconds that one look may take. */
const DEADLINE_MS = 8_000;

/**
 * Looks at everything from the operator's side, and asks the service how it sees itself. Changes nothing.
 *
 * @param apiUrl base URL of the API; undefined where it is not known
 */
export async function examine(operator: Operator, apiUrl: string | undefined): Promise<DoctorReport> {
  const diagnoses: Diagnosis[] = [
    ...tableDiagnoses,
    secretDiagnosis,
    breakerDiagnosis,
    consumerDiagnosis,
    spendDiagnosis,
    queueDiagnosis,
    oldestJobDiagnosis,
    deadLetterDiagnosis,
    readinessDiagnosis(apiUrl),
  ];
  const findings = await Promise.all(diagnoses.map((diagnosis) => look(diagnosis, operator)));
  return { status: worst(findings), findings };
}

async function look({ name, find }: Diagnosis, operator: Operator) {
  try {
    const deadline = AbortSignal.any([operator.signal, AbortSignal.timeout(DEADLINE_MS)]);
    return { name, ...(await find(operator, deadline)) };
  } catch (error) {
    const { name: errorName, message } = error as Error;
    const says = `${errorName}: ${message}`.replace(/\s*\n\s*/g, ' ');
    return { name, status: HealthStatus.DOWN, says, next: NEXT_AFTER_ERROR };
  }
}

const NEXT_AFTER_ERROR = 'aws sts get-caller-identity  # the right account, Region and role?';

function worst(findings: readonly Finding[]): HealthStatusValue {
  for (const status of [HealthStatus.DOWN, HealthStatus.DEGRADED]) {
    if (findings.some((finding) => finding.status === status)) return status;
  }
  return HealthStatus.OK;
}
