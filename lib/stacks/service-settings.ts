import type { RemovalPolicy, StackProps } from 'aws-cdk-lib';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { ApiFirewall } from '../api/api-firewall';
import type { ApiThrottle } from '../api/throttle';
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
   * What one client may ask of the API.
   *
   * @default - that of `GuardedApi`
   */
  readonly clientThrottle?: ApiThrottle;
}
