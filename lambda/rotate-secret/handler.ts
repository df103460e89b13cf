import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { SECRET_DIMENSION } from '../../lib/contract/metrics';
import { metricsFlush } from '../middleware/metrics-flush';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { sleep, systemClock } from '../runtime/clock/clock';
import { readEnvironment, text } from '../runtime/environment/read-environment';
import { childLogger, count, distinguishMetrics, metrics } from '../runtime/observability/observability';
import { rotateStep } from '../runtime/rotation/rotate-step';
import { readRotationEnvironment } from '../runtime/rotation/rotation-environment';
import { SecretsManagerVersions } from '../runtime/rotation/secrets-manager-versions';
import { chosenStrategy } from '../upstream/admin/chosen-strategy';
import { PooledHttp } from '../upstream/pooled-http';

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
  now: systemClock,
  sleep,
};

/**
 * Carries out one step of a rotation; Secrets Manager invokes it. A timeout of one minute is enough for every step.
 *
 * Environment: `ROTATED_SECRET`, `SECRET_LABEL`, `ROTATION_STRATEGY`, `ROTATION_SETTINGS`, `ROTATION_GRACE_MS`.
 * Rights on the rotated secret: `secretsmanager:DescribeSecret`, `ListSecretVersionIds`, `GetSecretValue`,
 * `PutSecretValue`, `UpdateSecretVersionStage`, and use of its key; `GetSecretValue` on the secrets that the settings name;
 * `dynamodb:GetItem` and `dynamodb:UpdateItem` on the clients table for client keys.
 */
export const handler = middy<unknown, void>()
  .use(metricsFlush({ metrics }))
  .handler(async (event, { awsRequestId }) =>
    rotateStep(event, { ...dependencies, log: childLogger({ requestId: awsRequestId }) }),
  );
