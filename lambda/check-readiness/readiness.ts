import type { APIGatewayProxyResult } from 'aws-lambda';
import { HealthStatus } from '../../lib/contract/health';
import type { SystemHealthChecker } from '../runtime/health/system-health-checker';

export interface ReadinessDependencies {
  readonly checker: Pick<SystemHealthChecker, 'check'>;
  readonly version: string;
}

/** Answers how the service is: 503 where it is down, 200 where it works, be it degraded. */
export const readiness = async ({ checker, version }: ReadinessDependencies): Promise<APIGatewayProxyResult> => {
  const report = await checker.check();
  return {
    statusCode: report.status === HealthStatus.DOWN ? 503 : 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify({ ...report, version }),
  };
};
