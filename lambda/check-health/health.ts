import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Clock } from '../runtime/clock/clock';

export interface HealthDependencies {
  readonly version: string;
  readonly now: Clock;
}

/** Says that the service is alive; touches nothing that could be down. */
export const health = ({ version, now }: HealthDependencies): APIGatewayProxyResult => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify({ status: 'ok', timestamp: new Date(now()).toISOString(), version }),
});
