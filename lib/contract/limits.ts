/** Largest request body that `submit-job` accepts, in bytes, unless configured otherwise; a table item holds 400 KB. */
export const DEFAULT_MAX_BODY_BYTES = 256 * 1024;

/** Objects and arrays that may lie within each other in a request body; a submission needs three. */
export const MAX_BODY_DEPTH = 16;

/** Properties that one object of a request body may have; a submission has six. */
export const MAX_BODY_PROPERTIES = 64;

/** Items that one array of a request body may have; a submission has 200 messages at most. */
export const MAX_BODY_ITEMS = 1_000;

/** Longest `Idempotency-Key`, in characters. */
export const MAX_IDEMPOTENCY_KEY_LENGTH = 255;

/** Days that a job and its result are kept, unless configured otherwise; also how long an idempotency key is remembered. */
export const DEFAULT_JOB_RETENTION_DAYS = 30;
