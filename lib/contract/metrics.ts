/** Name of the service: the `service` field of every log line, and a dimension of every metric. */
export const SERVICE_NAME = 'bulwark';

/** Dimension that the metrics of a rotated secret have beside the service: of several secrets, each speaks for itself. */
export const SECRET_DIMENSION = 'secret';

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
} as const;
