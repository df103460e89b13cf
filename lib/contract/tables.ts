/** Keys and attributes of the jobs table: one item collection a job. */
export const JobsTable = {
  PARTITION_KEY: 'jobId',
  SORT_KEY: 'part',
  TIME_TO_LIVE: 'expiresAt',
  /** Sort key of the row that holds the job's state and its sealed request. */
  JOB_PART: 'job',
  /** Sort key of the row that holds the sealed completion, written once. */
  RESULT_PART: 'result',
} as const;

/** Keys of the clients table: one row a client. */
export const ClientsTable = {
  PARTITION_KEY: 'clientId',
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
