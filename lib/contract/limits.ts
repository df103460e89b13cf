/** Largest request body that `submit-job` accepts, in bytes, unless configured otherwise; a table item holds 400 KB. */
export const DEFAULT_MAX_BODY_BYTES = 256 * 1024;

/** Longest `Idempotency-Key`, in characters. */
export const MAX_IDEMPOTENCY_KEY_LENGTH = 255;

/** Days that a job and its result are kept, unless configured otherwise; also how long an idempotency key is remembered. */
export const DEFAULT_JOB_RETENTION_DAYS = 30;
