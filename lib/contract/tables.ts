/** Keys and attributes of the jobs table: one item collection a job. */
export const JobsTable = {
  PARTITION_KEY: 'jobId',
  SORT_KEY: 'part',
  TIME_TO_LIVE: 'expiresAt',
  /** Sort key of the row that holds the job's state and its sealed request. */
  JOB_PART: 'job',
  /** Sort key of the row that holds the sealed completion, written once. */
  RESULT_PART: 'result',
  /** Sparse index over the jobs that have not ended: by status and shard, those first that wait longest. */
  DUE_INDEX: 'due',
  /** Partition key of the index; see `dueBucket`. */
  DUE_BUCKET: 'dueBucket',
  /** Sort key of the index: milliseconds since the epoch from which a queued job waits, or at which a running job's lease ends. */
  DUE_AT: 'dueAt',
  /** Attributes that the index holds beside the keys, so that a job can be sent again from it. */
  DUE_ATTRIBUTES: ['clientId', 'correlationId'],
} as const;

/** Partitions that the jobs of one status are spread over in the index of due jobs. */
export const DUE_SHARDS = 8;

/** Keys of the clients table: one row a client. */
export const ClientsTable = {
  PARTITION_KEY: 'clientId',
  /** Index over all clients, by status and, within it, by the time of their making: what `clients list` reads. */
  STATUS_INDEX: 'status',
  STATUS: 'status',
  CREATED_AT: 'createdAt',
  /** Attributes that the index holds beside the keys. */
  LISTED_ATTRIBUTES: ['name', 'plan', 'usageKey', 'keys'],
} as const;

/** States of a job; the last three are final. */
export const JobStatus = {
  QUEUED: 'queued',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  DEAD_LETTERED: 'dead-lettered',
} as const;

export type JobStatusValue = (typeof JobStatus)[keyof typeof JobStatus];

/** States of a client. */
export const ClientStatus = {
  ACTIVE: 'active',
  REVOKED: 'revoked',
} as const;

export type ClientStatusValue = (typeof ClientStatus)[keyof typeof ClientStatus];

/** Partition of the index of due jobs that one shard of a status is in. */
export const dueBucketOf = (status: JobStatusValue, shard: number): string => `${status}#${shard}`;

/** The shard of a job: its id ends in a random hex digit. */
export const dueShardOf = (jobId: string): number => (Number.parseInt(jobId.slice(-1), 16) || 0) % DUE_SHARDS;
