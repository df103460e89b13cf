import type { Duration, RemovalPolicy, StackProps } from 'aws-cdk-lib';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { ApiFirewall } from '../api/api-firewall';
import type { ClientPlan } from '../api/client-plan';
import type { ApiThrottle } from '../api/throttle';
import type { UsageKeys } from '../api/usage-keys';
import type { FederatedProvider } from '../secrets/federated-provider';
import type { AlarmTopicProps } from './alarm-topic';
import type { DataStack } from './data-stack';
import type { OutageSettings } from './outage-settings';

/** Settings of a `ServiceStack`. */
export interface ServiceStackProps extends StackProps, AlarmTopicProps {
  /** Where jobs, clients, queue and credential are. */
  readonly data: DataStack;

  /** Name of the environment, in lower-case letters; client keys carry it. */
  readonly environmentName: string;

  /** Version that `/health` reports. */
  readonly version: string;

  /** Base URL of the paid upstream, absolute and without a trailing slash. */
  readonly upstreamUrl: string;

  /**
   * How people get a short-lived token of the upstream for a program of theirs, by the identity of their own role, with
   * `bulwark secrets exec`. Give them a service account of their own, whatever credential the service itself has.
   *
   * @default - as the functions do, where the credential is federated; otherwise not at all
   */
  readonly developerFederation?: FederatedProvider;

  /**
   * How the service stops calling an upstream that fails, and comes back.
   *
   * @default - the defaults of `OutageSettings`
   */
  readonly outage?: OutageSettings;

  /**
   * The web ACL (AWS WAF) before the API.
   *
   * @default - that of `GuardedApi`, about 13 US dollars a month
   */
  readonly firewall?: ApiFirewall;

  /**
   * Whether to set the role by which API Gateway writes logs, of which an account and Region have one.
   *
   * @default true
   */
  readonly setAccountLogRole?: boolean;

  /**
   * How long logs are kept.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What becomes of the logs when they leave the stack.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly logRemovalPolicy?: RemovalPolicy;

  /**
   * What all clients together may ask of the API.
   *
   * @default - that of `GuardedApi`
   */
  readonly stageThrottle?: ApiThrottle;

  /**
   * What one client may, by the plan that it has: at most 10 plans, one of which is named `standard`.
   *
   * @default - one plan, `ClientPlan.standard()`: 10 requests a second, 20 at once
   */
  readonly plans?: ClientPlan[];

  /**
   * Whose usage key a new client gets.
   *
   * @default UsageKeys.CLIENT
   */
  readonly usageKeys?: UsageKeys;

  /**
   * How long the authorizer's answer is reused for the same key, up to 1 hour: the delay with which a revoked client,
   * an ended key and a changed plan take effect.
   *
   * @default Duration.seconds(60)
   */
  readonly authorizerCacheTtl?: Duration;
}
