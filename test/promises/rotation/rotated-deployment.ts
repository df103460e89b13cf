import { randomUUID } from 'node:crypto';
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsAccess, Deployment } from '../../../cli/deployment';
import { driveRotation } from '../../../cli/secrets/drive-rotation';
import { invoke } from '../../../cli/secrets/invoke';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import type { SweepAnswer, SweepRequest } from '../../../lib/contract/key-sweep';
import { MetricName } from '../../../lib/contract/metrics';
import { PoolSecretField, RotatedSecretField } from '../../../lib/contract/rotation';
import { LocalFailure } from '../../../local/failure';

/** A key of the upstream, with the provider's id of it. */
export interface UpstreamKey {
  readonly id: string;
  readonly apiKey: string;
}

/** Milliseconds. */
export interface RotationTimes {
  /** For which a replaced key works on. */
  readonly graceMs: number;
  /** For which a process uses a key that it has read. */
  readonly cacheMs: number;
  /** That a call with it takes at most. */
  readonly longestCallMs: number;
}

/** What rotates the upstream's key in a deployed stack, driven as Secrets Manager and the sweeper's schedule drive it. */
export class RotatedDeployment {
  readonly #secrets: SecretsManagerClient;
  readonly #lambda: LambdaClient;
  readonly #logs: CloudWatchLogsClient;

  constructor(
    readonly deployment: Deployment,
    readonly access: AwsAccess,
  ) {
    this.#secrets = new SecretsManagerClient({ ...access });
    this.#lambda = new LambdaClient({ ...access });
    this.#logs = new CloudWatchLogsClient({ ...access });
  }

  /** Goes through the four steps of one rotation, under a token of its own. */
  async rotate(): Promise<void> {
    const { ARN: arn = '' } = await this.#secrets.send(
      new DescribeSecretCommand({ SecretId: this.deployment.upstreamSecret }),
    );
    const rotator = needed(this.deployment.rotation.rotator, 'rotator');
    await driveRotation(this.#secrets, this.access, { arn, rotator, token: randomUUID() });
  }

  async sweep(request: SweepRequest = {}): Promise<SweepAnswer> {
    return (await invoke(this.access, needed(this.deployment.rotation.sweeper, 'sweeper'), request)) as SweepAnswer;
  }

  /** The key in use. */
  async currentKey(): Promise<UpstreamKey> {
    const value = await this.#read(this.deployment.upstreamSecret);
    return { id: String(value[RotatedSecretField.KEY_ID]), apiKey: String(value[RotatedSecretField.API_KEY]) };
  }

  async pool(): Promise<readonly UpstreamKey[]> {
    const { [PoolSecretField.KEYS]: keys } = await this.#read(needed(this.deployment.rotation.poolSecret, 'pool'));
    return (keys as Record<string, string>[]).map((key) => ({
      id: String(key[PoolSecretField.ID]),
      apiKey: String(key[PoolSecretField.API_KEY]),
    }));
  }

  /** The times of the rotation, in milliseconds, as the functions are told. */
  async times(processor: string): Promise<RotationTimes> {
    const sweeper = await this.#configurationOf(needed(this.deployment.rotation.sweeper, 'sweeper'));
    const reader = await this.#configurationOf(processor);
    return {
      graceMs: Number(sweeper.Environment?.Variables?.[EnvironmentKey.ROTATION_GRACE_MS]),
      cacheMs: Number(reader.Environment?.Variables?.[EnvironmentKey.SECRET_CACHE_MS]),
      longestCallMs: 1_000 * Number(reader.Timeout),
    };
  }

  /** How often a process has read the key ahead of time since a moment, by the metric in the processor's logs. */
  async renewalsSince(processor: string, startTime: number): Promise<number> {
    const { LoggingConfig } = await this.#configurationOf(processor);
    const logGroupName = needed(LoggingConfig?.LogGroup, "processor's log group");
    let renewals = 0;
    for await (const { events = [] } of paginateFilterLogEvents({ client: this.#logs }, { logGroupName, startTime })) {
      for (const { message = '' } of events) renewals += renewalsIn(message);
    }
    return renewals;
  }

  #configurationOf(FunctionName: string) {
    return this.#lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  }

  async #read(SecretId: string): Promise<Record<string, unknown>> {
    const { SecretString = '{}' } = await this.#secrets.send(new GetSecretValueCommand({ SecretId }));
    return JSON.parse(SecretString);
  }
}

function needed(name: string | undefined, what: string): string {
  if (!name) throw new LocalFailure(`P4: the deployment has no ${what}`);
  return name;
}

function renewalsIn(line: string): number {
  if (!line.includes(MetricName.CREDENTIAL_RENEWALS)) return 0;
  try {
    return [JSON.parse(line)[MetricName.CREDENTIAL_RENEWALS] ?? 0].flat().reduce((sum, value) => sum + value, 0);
  } catch {
    return 0;
  }
}
