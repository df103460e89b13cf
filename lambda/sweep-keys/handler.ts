import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import type { SweepAnswer } from '../../lib/contract/key-sweep';
import { SECRET_DIMENSION } from '../../lib/contract/metrics';
import { RotationStrategyName } from '../../lib/contract/rotation';
import { metricsFlush } from '../middleware/metrics-flush';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { sleep, systemClock } from '../runtime/clock/clock';
import { readEnvironment, text } from '../runtime/environment/read-environment';
import { childLogger, count, distinguishMetrics, metrics } from '../runtime/observability/observability';
import { readRotationEnvironment } from '../runtime/rotation/rotation-environment';
import { SecretsManagerVersions } from '../runtime/rotation/secrets-manager-versions';
import { sweepKeys } from '../runtime/rotation/sweep-keys';
import { chosenStrategy } from '../upstream/admin/chosen-strategy';
import { PooledHttp } from '../upstream/pooled-http';
import { parseSweepRequest } from './sweep-request';

const environment = readRotationEnvironment();
const { label } = readEnvironment({ label: text(EnvironmentKey.SECRET_LABEL) });
distinguishMetrics(SECRET_DIMENSION, label);
const secrets = new SecretsManagerClient(awsClientOptions);

const dependencies = {
  versions: new SecretsManagerVersions(secrets, environment.secretId),
  strategy: chosenStrategy(environment, {
    secrets,
    dynamodb: () => new DynamoDBClient(awsClientOptions),
    http: new PooledHttp(),
    now: systemClock,
    sleep,
    count,
  }),
  graceMs: environment.graceMs,
  isHosted: environment.strategy.name === RotationStrategyName.HOSTED,
  now: systemClock,
  count,
};

/**
 * Ends the keys that were replaced and whose grace is over. Runs on a schedule, several times within a grace; an operator
 * invokes it with `{"revoke": true}` where the key before the current one has leaked, and names another by `keyId`.
 *
 * Environment: `ROTATED_SECRET`, `SECRET_LABEL`, `ROTATION_STRATEGY`, `ROTATION_SETTINGS`, `ROTATION_GRACE_MS`.
 * Rights on the rotated secret: `secretsmanager:DescribeSecret`, `ListSecretVersionIds`, `GetSecretValue`,
 * `UpdateSecretVersionStage`, and use of its key; `GetSecretValue` on the secrets that the settings name;
 * `dynamodb:GetItem` and `dynamodb:UpdateItem` on the clients table for client keys.
 */
export const handler = middy<unknown, SweepAnswer>()
  .use(metricsFlush({ metrics }))
  .handler(async (event, { awsRequestId }) =>
    sweepKeys({ ...dependencies, log: childLogger({ requestId: awsRequestId }) }, parseSweepRequest(event)),
  );
