import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { METRIC_NAMESPACE, MetricName, SECRET_DIMENSION, SERVICE_NAME } from '../../lib/contract/metrics';
import { RotationStrategyName, SecretStage } from '../../lib/contract/rotation';
import type { Operator } from '../command';
import { isEmulated } from '../deployment';
import type { ManagedSecret } from './managed-secret';
import { pendingVersion, readState, type SecretVersion, versionAt } from './secret-state';

/** What an operator sees of a secret; times are ISO 8601. */
export interface SecretStatus {
  readonly name: string;
  /** How it rotates, such as `key-pool`, or `static`. */
  readonly strategy: string;
  /** Milliseconds since the current version was made. */
  readonly ageMs?: number;
  readonly versions: readonly { readonly id: string; readonly stages: readonly string[]; readonly created?: string }[];
  /** Whether a rotation has begun and not ended. */
  readonly isRotating: boolean;
  readonly lastRotation?: string;
  readonly nextRotation?: string;
  /** Keys of the pool that are current or could be, by the sweeper's last count. @default - not known */
  readonly healthyPoolKeys?: number;
}

/** Looks at one secret, and at no value. */
export async function statusOf(operator: Operator, secret: ManagedSecret): Promise<SecretStatus> {
  const [state, { strategy, label }] = await Promise.all([
    readState(new SecretsManagerClient({ ...operator.access }), secret.id),
    rotationOf(operator, secret),
  ]);
  const healthyPoolKeys = strategy === RotationStrategyName.KEY_POOL ? await healthyKeys(operator, label) : undefined;
  const createdMs = versionAt(state, SecretStage.CURRENT)?.createdMs;
  return {
    name: secret.name,
    strategy,
    ...(createdMs !== undefined && { ageMs: operator.now() - createdMs }),
    versions: state.versions.map(versionView),
    isRotating: pendingVersion(state) !== undefined,
    lastRotation: isoTime(state.lastRotationMs),
    nextRotation: isoTime(state.nextRotationMs),
    ...(healthyPoolKeys !== undefined && { healthyPoolKeys }),
  };
}

const isoTime = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();

const versionView = ({ id, stages, createdMs }: SecretVersion) => ({ id, stages, created: isoTime(createdMs) });

interface Rotation {
  readonly strategy: string;
  /** What the metrics of the secret are told by. */
  readonly label?: string;
}

async function rotationOf({ access }: Operator, { rotation }: ManagedSecret): Promise<Rotation> {
  if (!rotation) return { strategy: 'static' };
  const { Environment } = await new LambdaClient({ ...access }).send(
    new GetFunctionConfigurationCommand({ FunctionName: rotation.rotator }),
  );
  const { [EnvironmentKey.ROTATION_STRATEGY]: strategy = 'unknown', [EnvironmentKey.SECRET_LABEL]: label } =
    Environment?.Variables ?? {};
  return { strategy, label };
}

/** Milliseconds within which the sweeper has counted at least once. */
const COUNTED_WITHIN_MS = 26 * 3_600_000;

/** Seconds of one point of the metric. */
const PERIOD_SECONDS = 3_600;

/** The sweeper's last count; an emulator has no metrics of functions. */
async function healthyKeys({ access, now }: Operator, label: string | undefined): Promise<number | undefined> {
  if (isEmulated(access) || label === undefined) return undefined;
  const { Datapoints = [] } = await new CloudWatchClient({ ...access }).send(
    new GetMetricStatisticsCommand({
      Namespace: METRIC_NAMESPACE,
      MetricName: MetricName.HEALTHY_POOL_KEYS,
      Dimensions: [
        { Name: 'service', Value: SERVICE_NAME },
        { Name: SECRET_DIMENSION, Value: label },
      ],
      StartTime: new Date(now() - COUNTED_WITHIN_MS),
      EndTime: new Date(now()),
      Period: PERIOD_SECONDS,
      Statistics: ['Minimum'],
    }),
  );
  const [last] = Datapoints.sort((a, b) => (b.Timestamp?.getTime() ?? 0) - (a.Timestamp?.getTime() ?? 0));
  return last?.Minimum;
}
