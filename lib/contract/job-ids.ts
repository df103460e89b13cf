/** Shape of a job's id. */
export const JOB_ID_PATTERN = /^job_[0-9a-f]{32}$/;
