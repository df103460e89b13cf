import { type CfnElement, CfnOutput, type Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type * as events from 'aws-cdk-lib/aws-events';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct, IConstruct } from 'constructs';
import { RotationOutput } from '../contract/outputs';
import { PoolSecretField } from '../contract/rotation';
import { UPSTREAM_SECRET_FIELD } from '../contract/upstream-secret';
import type { FederatedProvider } from '../secrets/federated-provider';
import { GuardedSecret, type GuardedSecretProps } from '../secrets/guarded-secret';
import { RotatingSecret } from '../secrets/rotating-secret';
import { RotationStrategy } from '../secrets/rotation-strategy';

/** Settings of `UpstreamCredential.keyPool`. */
export interface UpstreamKeyPoolOptions {
  /**
   * Base URL of the API that the keys are for, without a trailing slash.
   *
   * @default 'https://api.anthropic.com'
   */
  readonly upstreamUrl?: string;

  /**
   * Base URL of the Admin API, without a trailing slash.
   *
   * @default - `upstreamUrl`
   */
  readonly adminUrl?: string;

  /**
   * When the key rotates; see `RotatingSecret`.
   *
   * @default - 03:00 UTC on the first day of each month
   */
  readonly schedule?: events.Schedule;

  /**
   * Time that a process uses a key that it has read.
   *
   * @default Duration.minutes(5)
   */
  readonly cacheTime?: Duration;

  /**
   * Time that a replaced key works on: at least `cacheTime` and the stack's `processTimeout` together.
   *
   * @default - a day
   */
  readonly gracePeriod?: Duration;
}

/** Where the service has its upstream credential from. */
export class UpstreamCredential {
  /** A key of a pool that people made beforehand; it rotates by itself. For Anthropic, whose API makes no keys. */
  public static keyPool(options: UpstreamKeyPoolOptions = {}): UpstreamCredential {
    return new UpstreamCredential(options);
  }

  /** A key that somebody replaces by hand. */
  public static stored(): UpstreamCredential {
    return new UpstreamCredential();
  }

  /** No key at all: the functions show who they are and get short-lived tokens. The account's switch must be on. */
  public static federated(provider: FederatedProvider): UpstreamCredential {
    return new UpstreamCredential(undefined, provider);
  }

  private constructor(
    /** @internal */
    public readonly _pool?: UpstreamKeyPoolOptions,
    /** @internal */
    public readonly _provider?: FederatedProvider,
  ) {}
}

/** What the data stack knows beside the choice of the credential. */
export interface UpstreamSecretSettings {
  /** Encrypts the key that is in use. */
  readonly dataKey: kms.IKey;
  /** Longest call with the key. */
  readonly longestCall: Duration;
  readonly removalPolicy: RemovalPolicy;
  readonly administrators?: iam.IGrantable[];
  readonly readers?: iam.IGrantable[];
  readonly alarmTopic?: sns.ITopic;
}

/** The secret that the service reads its credential from, with pinned logical ids; none where it is federated. */
export function createUpstreamSecret(
  scope: Construct,
  credential: UpstreamCredential,
  settings: UpstreamSecretSettings,
): GuardedSecret | undefined {
  if (credential._provider) return undefined;
  const { dataKey, removalPolicy, administrators } = settings;
  const props: GuardedSecretProps = {
    description: `Credential of the paid upstream, as {"${UPSTREAM_SECRET_FIELD}": "…"}.`,
    encryptionKey: dataKey,
    administrators,
    removalPolicy,
  };
  const created = credential._pool
    ? createPooled(scope, credential._pool, props, settings)
    : createStored(scope, props);
  pin(created.secret, 'UpstreamSecret');
  for (const reader of settings.readers ?? []) created.grantRead(reader);
  return created;
}

function createStored(scope: Construct, props: GuardedSecretProps): GuardedSecret {
  const stored = new GuardedSecret(scope, 'UpstreamSecret', props);
  stored._explainNoRotation(
    'This environment is told to keep one key, which the operator replaces by hand and the processor then reads anew; no function could make the next, as the provider has no interface for that.',
  );
  return stored;
}

function createPooled(
  scope: Construct,
  pool: UpstreamKeyPoolOptions,
  props: GuardedSecretProps,
  { longestCall, removalPolicy, alarmTopic }: UpstreamSecretSettings,
): RotatingSecret {
  const { adminSecret, poolSecret } = createSources(scope, props);
  const rotating = new RotatingSecret(scope, 'UpstreamSecret', {
    ...props,
    strategy: RotationStrategy.keyPool({
      adminSecret,
      poolSecret,
      upstreamUrl: pool.upstreamUrl,
      adminUrl: pool.adminUrl ?? pool.upstreamUrl,
    }),
    schedule: pool.schedule,
    cacheTime: pool.cacheTime,
    longestCall,
    gracePeriod: pool.gracePeriod,
    alarmTopic,
    logs: { removalPolicy },
  });
  const outputs: Record<string, string> = {
    [RotationOutput.SWEEPER]: rotating.sweeper.functionName,
    [RotationOutput.ROTATOR]: rotating.rotator?.functionName ?? '',
    [RotationOutput.ADMIN_SECRET]: adminSecret.secret.secretArn,
    [RotationOutput.POOL_SECRET]: poolSecret.secret.secretArn,
  };
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(scope, name, { value });
  return rotating;
}

/** What the rotator takes keys from, under a key that no reader of the upstream's secret may use. */
function createSources(scope: Construct, { administrators, removalPolicy }: GuardedSecretProps) {
  const encryptionKey = new kms.Key(scope, 'CredentialKey', {
    description: 'Encrypts the secrets from which the upstream credential is renewed.',
    enableKeyRotation: true,
    removalPolicy,
  });
  const common = { encryptionKey, administrators, removalPolicy };
  const adminSecret = new GuardedSecret(scope, 'UpstreamAdminSecret', {
    ...common,
    description: `Key of the upstream's Admin API, as {"${UPSTREAM_SECRET_FIELD}": "…"}.`,
  });
  adminSecret._explainNoRotation(
    'A person makes the key of the Admin API in the console of the provider, which offers no interface to make one; only the rotator and the sweeper can read it, and an operator replaces it by one command.',
  );
  const { KEYS, ID, API_KEY } = PoolSecretField;
  const poolSecret = new GuardedSecret(scope, 'UpstreamPoolSecret', {
    ...common,
    description: `Keys that take turns, as {"${KEYS}": [{"${ID}": "…", "${API_KEY}": "…"}]}.`,
    firstValue: {
      secretStringTemplate: JSON.stringify({ [KEYS]: [] }),
      generateStringKey: 'placeholder',
      excludePunctuation: true,
    },
  });
  poolSecret._explainNoRotation(
    'It is the source from which another secret rotates: its keys take turns and are inactive between their turns, and people make new ones in the console of the provider, which has no interface for that.',
  );
  pin(encryptionKey, 'CredentialKey');
  pin(adminSecret.secret, 'UpstreamAdminSecret');
  pin(poolSecret.secret, 'UpstreamPoolSecret');
  return { adminSecret, poolSecret };
}

function pin(construct: IConstruct, logicalId: string): void {
  (construct.node.defaultChild as CfnElement).overrideLogicalId(logicalId);
}
