/** Name of the service: the `service` field of every log line, and a dimension of every metric. */
export const SERVICE_NAME = 'bulwark';

/** Dimension that the metrics of a rotated secret have beside the service: of several secrets, each speaks for itself. */
export const SECRET_DIMENSION = 'secret';

/** Dimension that tells what is spent of the cap of a day from what is spent of that of a month. */
export const WINDOW_DIMENSION = 'window';

/** Values of `WINDOW_DIMENSION`: UTC day and UTC month. */
export const SPEND_WINDOWS = ['day', 'month'] as const;
/** Dimension of a metric that is counted for each label of a prompt beside the service. */
export const LABEL_DIMENSION = 'label';
/** Dimension that the metrics of uploads have beside the service, for the same reason. */
export const UPLOADS_DIMENSION = 'uploads';

/** CloudWatch namespace of every metric that the service publishes. */
export const METRIC_NAMESPACE = 'Bulwark';

/** Names of the service's own metrics; dashboards and alarms use no others. */
export const MetricName = {
  JOBS_ACCEPTED: 'JobsAccepted',
  JOBS_REPLAYED: 'JobsReplayed',
  JOBS_RELAYED: 'JobsRelayed',
  JOBS_SUCCEEDED: 'JobsSucceeded',
  JOBS_FAILED: 'JobsFailed',
  JOBS_DEAD_LETTERED: 'JobsDeadLettered',
  JOBS_RETURNED: 'JobsReturnedToQueue',
  REQUESTS_REFUSED: 'RequestsRefused',
  /** Accepted jobs whose prompt was labelled: once by service, and once for each label by service and label. */
  SUSPICIOUS_PROMPTS: 'SuspiciousPrompts',
  /** Requests that were answered 503 because it was not known what is left of their client's limits. */
  RATE_LIMIT_UNAVAILABLE: 'RateLimitUnavailable',
  UPSTREAM_CALLS: 'UpstreamCalls',
  UPSTREAM_FAILURES: 'UpstreamFailures',
  UPSTREAM_ACCOUNT_REFUSED: 'UpstreamAccountRefused',
  INFRASTRUCTURE_FAULTS: 'InfrastructureFaults',
  LEASES_LOST: 'LeasesLost',
  JOBS_REQUEUED: 'JobsRequeued',
  JOBS_SWEPT: 'JobsSwept',
  BREAKER_OPENED: 'BreakerOpened',
  BREAKER_CLOSED: 'BreakerClosed',
  BREAKER_PROBES: 'BreakerProbes',
  BREAKER_OPEN_SECONDS: 'BreakerOpenSeconds',
  BREAKER_STORE_UNREACHABLE: 'BreakerStoreUnreachable',
  CONSUMER_PAUSED: 'ConsumerPaused',
  CONSUMER_RESUMED: 'ConsumerResumed',
  /** Days since the value of the rotated secret was made; a gauge. */
  SECRET_AGE_DAYS: 'SecretAgeDays',
  /** Keys of the pool that are current or could be; a gauge. */
  HEALTHY_POOL_KEYS: 'HealthyPoolKeys',
  KEYS_RETIRED: 'KeysRetired',
  /** Reads of a secret ahead of time, because the upstream refused the credential. */
  CREDENTIAL_RENEWALS: 'CredentialRenewals',
  /** Failed reads of a secret after which the last good value was used. */
  SECRET_STALE: 'SecretStale',
  /** Micro-USD that calls have cost, by the usage that the provider reported. */
  SPEND: 'SpendMicroUsd',
  /** Jobs that wait because no cap covers another call, or spending is cut off. */
  JOBS_HELD_BY_SPEND: 'JobsHeldBySpend',
  /** Micro-USD by which calls have cost more than was reserved for them. */
  SPEND_OVERRUN: 'SpendOverrun',
  /** Requests and calls that were refused because the ledger could not say what is left. */
  LEDGER_UNAVAILABLE: 'LedgerUnavailable',
  /** Forms that were given to clients. */
  UPLOADS_OFFERED: 'UploadsOffered',
  UPLOADS_CLEAN: 'UploadsClean',
  UPLOADS_REFUSED: 'UploadsRefused',
  /** Those of the refused that are malware. */
  UPLOADS_MALWARE: 'UploadsMalware',
  /** Inspections that decided nothing; each is tried again. */
  UPLOADS_UNDECIDED: 'UploadsUndecided',
  /** Objects that came after an upload's first, and were removed. */
  UPLOADS_SUPERFLUOUS: 'UploadsSuperfluous',
  /** Percent of a global cap that is spent, by window; a gauge. What is only reserved raises no alarm by it. */
  SPEND_PERCENT: 'SpendPercent',
  /** Percent of a global cap that is spent or reserved, by window; a gauge. */
  SPEND_COMMITTED_PERCENT: 'SpendCommittedPercent',
  /** 1 while spending is cut off; a gauge. */
  SPEND_CUT_OFF: 'SpendCutOff',
} as const;
