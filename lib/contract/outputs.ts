/** Names of the stack outputs that operators, the local runner and tests read. */
export const StackOutput = {
  API_URL: 'ApiUrl',
  API_ID: 'ApiId',
  USAGE_PLAN_ID: 'UsagePlanId',
  JOBS_TABLE: 'JobsTableName',
  CLIENTS_TABLE: 'ClientsTableName',
  QUEUE_URL: 'QueueUrl',
  DEAD_LETTER_QUEUE_URL: 'DeadLetterQueueUrl',
  CONTROL_TABLE: 'ControlTableName',
  CONTROL_QUEUE_URL: 'ControlQueueUrl',
  AUDIT_TABLE: 'AuditTableName',
  CONSUMER_MAPPING_ID: 'ConsumerMappingId',
  UPSTREAM_SECRET: 'UpstreamSecretArn',
} as const;

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
