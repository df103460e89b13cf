/** Names of the stack outputs that operators, the local runner and tests read. */
export const StackOutput = {
  API_URL: 'ApiUrl',
  API_ID: 'ApiId',
  /** The usage plan of the default plan; `CLIENT_PLANS` has those of all. */
  USAGE_PLAN_ID: 'UsagePlanId',
  /** JSON of `PlanIdsByName`. */
  CLIENT_PLANS: 'ClientPlans',
  /** Whose usage key a new client gets: a `UsageKeyKind`. */
  USAGE_KEYS: 'UsageKeys',
  /** Seconds after which every request of a revoked client is refused. */
  REVOCATION_SECONDS: 'RevocationSeconds',
  JOBS_TABLE: 'JobsTableName',
  CLIENTS_TABLE: 'ClientsTableName',
  LIMITS_TABLE: 'LimitsTableName',
  QUEUE_URL: 'QueueUrl',
  DEAD_LETTER_QUEUE_URL: 'DeadLetterQueueUrl',
  CONTROL_TABLE: 'ControlTableName',
  CONTROL_QUEUE_URL: 'ControlQueueUrl',
  AUDIT_TABLE: 'AuditTableName',
  LEDGER_TABLE: 'LedgerTableName',
  CONSUMER_MAPPING_ID: 'ConsumerMappingId',
  UPSTREAM_SECRET: 'UpstreamSecretArn',
} as const;

/** What API Gateway calls the parts of a plan. */
export interface PlanIds {
  /** Usage plan of the clients that have a usage key of their own. */
  readonly usagePlanId: string;
  /** Usage key that the other clients of the plan share; it is in a usage plan apart. */
  readonly sharedKeyId: string;
}

/** Plans by their names, as an output has them. */
export type PlanIdsByName = Readonly<Record<string, PlanIds>>;

/**
 * Names of the outputs that only a deployment has whose upstream secret rotates. Operators read them to rotate and to
 * revoke; nothing else needs them.
 */
export const RotationOutput = {
  /** Name of the function that carries out the four steps of a rotation. */
  ROTATOR: 'UpstreamRotatorName',
  /** Name of the function that retires old keys after their grace. */
  SWEEPER: 'UpstreamKeySweeperName',
  /** ARN of the secret that holds the key of the provider's Admin API. */
  ADMIN_SECRET: 'UpstreamAdminSecretArn',
  /** ARN of the secret that holds the pool of keys. */
  POOL_SECRET: 'UpstreamPoolSecretArn',
} as const;

/**
 * Name of the output that only a deployment has whose developers get tokens of the upstream by their own identity: how,
 * as JSON, without secrets.
 */
export const DEVELOPER_FEDERATION_OUTPUT = 'DeveloperFederation';
/** Names of the outputs that only a deployment has which caps its spending. */
export const SpendOutput = {
  /** Name of the function that watches the caps, and that operators ask. */
  CONTROLLER: 'SpendControllerName',
  /** Caps of the clients by their plans, as JSON of `ClientCapsByPlan`. */
  CLIENT_CAPS: 'ClientSpendCaps',
} as const;

/** Names of the stacks of one environment, in the order of deployment. */
export const stackNames = (environment: string) => ({
  data: `bulwark-${environment}-data`,
  service: `bulwark-${environment}-service`,
});

/** Stage of the API: the first segment of every path on the `execute-api` host. */
export const API_STAGE = 'api';
