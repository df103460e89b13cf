/**
 * The names of the environment variables that constructs set and handlers read.
 * A handler reads them once at start and refuses to start when one is missing.
 */
export const EnvironmentKey = {
  /** Name of the jobs table. */
  JOBS_TABLE: 'BULWARK_JOBS_TABLE',
  /** Name of the clients table. */
  CLIENTS_TABLE: 'BULWARK_CLIENTS_TABLE',
  /** Plans by their names, as JSON of `PlansByName`. */
  CLIENT_PLANS: 'BULWARK_CLIENT_PLANS',
  /** Name of the limits table. */
  LIMITS_TABLE: 'BULWARK_LIMITS_TABLE',
  /** URL of the work queue that the relay feeds. */
  QUEUE_URL: 'BULWARK_QUEUE_URL',
  /** ARN of the customer-managed key that wraps the per-job data keys. */
  DATA_KEY_ARN: 'BULWARK_DATA_KEY_ARN',
  /** Base URL of the paid upstream, without a trailing slash. */
  UPSTREAM_URL: 'BULWARK_UPSTREAM_URL',
  /** ARN or name of the secret that holds the upstream credential. */
  UPSTREAM_SECRET: 'BULWARK_UPSTREAM_SECRET',
  /** Milliseconds that one invocation of the processor may use; below the function's timeout. */
  PROCESS_BUDGET_MS: 'BULWARK_PROCESS_BUDGET_MS',
  /** Milliseconds that a job's lease lasts; above the function's timeout. */
  LEASE_MS: 'BULWARK_LEASE_MS',
  /** Receives after which the queue moves a message to the dead-letter queue. */
  MAX_RECEIVE_COUNT: 'BULWARK_MAX_RECEIVE_COUNT',
  /** Largest accepted request body, in bytes. */
  MAX_BODY_BYTES: 'BULWARK_MAX_BODY_BYTES',
  /** Days that a job and its result are kept. */
  JOB_RETENTION_DAYS: 'BULWARK_JOB_RETENTION_DAYS',
  /** Name of the control table. */
  CONTROL_TABLE: 'BULWARK_CONTROL_TABLE',
  /** URL of the queue on which the breaker's controller sends itself delayed messages. */
  CONTROL_QUEUE_URL: 'BULWARK_CONTROL_QUEUE_URL',
  /** UUID of the processor's event-source mapping. */
  CONSUMER_MAPPING_ID: 'BULWARK_CONSUMER_MAPPING_ID',
  /** Most concurrent processors when nothing is wrong. */
  CONSUMER_MAX_CONCURRENCY: 'BULWARK_CONSUMER_MAX_CONCURRENCY',
  /** Name of the function that processes jobs. */
  PROCESSOR_FUNCTION: 'BULWARK_PROCESSOR_FUNCTION',
  /** Seconds between two steps of a resumed consumer, each of which doubles its concurrency. */
  RESUME_STEP_SECONDS: 'BULWARK_RESUME_STEP_SECONDS',
  /** Milliseconds that the breaker stays open at first. */
  BREAKER_OPEN_FOR_MS: 'BULWARK_BREAKER_OPEN_FOR_MS',
  /** Milliseconds that the breaker stays open at most. */
  BREAKER_MAX_OPEN_FOR_MS: 'BULWARK_BREAKER_MAX_OPEN_FOR_MS',
  /** Failures within the rolling window from which on the breaker may open. */
  BREAKER_FAILURES: 'BULWARK_BREAKER_FAILURES',
  /** Percent of the calls in the rolling window that must have failed as well. */
  BREAKER_FAILURE_PERCENT: 'BULWARK_BREAKER_FAILURE_PERCENT',
  /** Milliseconds above which a successful call counts as a failed one; 0 for never. */
  BREAKER_SLOW_CALL_MS: 'BULWARK_BREAKER_SLOW_CALL_MS',
  /** Probes in a row that close the breaker. */
  BREAKER_SUCCESSES_TO_CLOSE: 'BULWARK_BREAKER_SUCCESSES_TO_CLOSE',
  /** Name of the audit table. */
  AUDIT_TABLE: 'BULWARK_AUDIT_TABLE',
  /** Throttles of the usage plans as they were deployed, by their ids, as JSON: `{"id": [rate, burst]}`. */
  USAGE_PLANS: 'BULWARK_USAGE_PLANS',
  /** URL of the dead-letter queue of the work queue. */
  DEAD_LETTER_QUEUE_URL: 'BULWARK_DEAD_LETTER_QUEUE_URL',
  /** Milliseconds for which a job is sent anew while the upstream fails, counted from its own first failure. */
  OUTAGE_PATIENCE_MS: 'BULWARK_OUTAGE_PATIENCE_MS',
  /** Milliseconds that a job may wait in the queue before it is sent again. */
  STUCK_AFTER_MS: 'BULWARK_STUCK_AFTER_MS',
  /** Milliseconds that the work queue keeps a message; a job that waits longer has none. */
  QUEUE_RETENTION_MS: 'BULWARK_QUEUE_RETENTION_MS',
  /** How the upstream credential is had by federation, as JSON, without secrets; stands in place of the secret. */
  FEDERATION: 'BULWARK_FEDERATION',
  /** Milliseconds that a process uses a secret that it has read; 300 000 unless set. */
  SECRET_CACHE_MS: 'BULWARK_SECRET_CACHE_MS',
  /** Milliseconds beyond that for which a process uses it while it cannot be read anew; without end unless set. */
  SECRET_MAX_STALE_MS: 'BULWARK_SECRET_MAX_STALE_MS',
  /** ARN of the secret that the rotator rotates and the sweeper clears up after. */
  ROTATED_SECRET: 'BULWARK_ROTATED_SECRET',
  /** What tells the metrics of the rotated secret from those of others. */
  SECRET_LABEL: 'BULWARK_SECRET_LABEL',
  /** Name of the strategy of the rotation. */
  ROTATION_STRATEGY: 'BULWARK_ROTATION_STRATEGY',
  /** Settings of the strategy as JSON, without secrets. */
  ROTATION_SETTINGS: 'BULWARK_ROTATION_SETTINGS',
  /** Milliseconds that a replaced key stays usable. */
  ROTATION_GRACE_MS: 'BULWARK_ROTATION_GRACE_MS',
  /** Name of the spend ledger's table. */
  LEDGER_TABLE: 'BULWARK_LEDGER_TABLE',
  /** Shards that the global caps are leased to. */
  LEDGER_SHARDS: 'BULWARK_LEDGER_SHARDS',
  /** Micro-USD that may be committed in one UTC day, by all clients together. */
  GLOBAL_CAP_DAY: 'BULWARK_GLOBAL_CAP_DAY',
  /** Micro-USD that may be committed in one UTC month, by all clients together. */
  GLOBAL_CAP_MONTH: 'BULWARK_GLOBAL_CAP_MONTH',
  /** Prices of the models, packed. */
  PRICE_BOOK: 'BULWARK_PRICE_BOOK',
  /** Name of the uploads table. */
  UPLOADS_TABLE: 'BULWARK_UPLOADS_TABLE',
  /** Name of the bucket that uploads arrive in. */
  QUARANTINE_BUCKET: 'BULWARK_QUARANTINE_BUCKET',
  /** Name of the bucket that clean uploads are copied to. */
  CLEAN_BUCKET: 'BULWARK_CLEAN_BUCKET',
  /** ARN of the key under which clean uploads are. */
  UPLOADS_KEY_ARN: 'BULWARK_UPLOADS_KEY_ARN',
  /** What tells the metrics of these uploads from those of others. */
  UPLOADS_LABEL: 'BULWARK_UPLOADS_LABEL',
  /** Content types that may be uploaded, separated by commas. */
  UPLOAD_CONTENT_TYPES: 'BULWARK_UPLOAD_CONTENT_TYPES',
  /** Largest upload, in bytes. */
  UPLOAD_MAX_BYTES: 'BULWARK_UPLOAD_MAX_BYTES',
  /** Seconds for which the form of an upload is valid. */
  UPLOAD_WINDOW_SECONDS: 'BULWARK_UPLOAD_WINDOW_SECONDS',
  /** Days that the state of an upload is kept. */
  UPLOAD_RECORD_DAYS: 'BULWARK_UPLOAD_RECORD_DAYS',
  /** What an archive may hold, as JSON. */
  UPLOAD_ARCHIVE_LIMITS: 'BULWARK_UPLOAD_ARCHIVE_LIMITS',
  /** `required` where GuardDuty must have found no threat, else `none`. */
  UPLOAD_MALWARE_SCAN: 'BULWARK_UPLOAD_MALWARE_SCAN',
  /** Version that /health reports. */
  VERSION: 'BULWARK_VERSION',
  /** Name of the environment: local, dev, staging or prod. */
  ENVIRONMENT: 'BULWARK_ENVIRONMENT',
} as const;
