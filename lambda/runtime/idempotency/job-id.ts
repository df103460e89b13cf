import { createHash } from 'node:crypto';
import { MAX_IDEMPOTENCY_KEY_LENGTH } from '../../../lib/contract/limits';

export { JOB_ID_PATTERN } from '../../../lib/contract/job-ids';

const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

/** True for 1 to `MAX_IDEMPOTENCY_KEY_LENGTH` visible ASCII characters. */
export const isIdempotencyKey = (key: string): boolean =>
  key.length <= MAX_IDEMPOTENCY_KEY_LENGTH && VISIBLE_ASCII.test(key);

/** The job id of a client's idempotency key: the same for each retry, and no other client's. */
export const jobIdOfKey = (clientId: string, idempotencyKey: string): string =>
  `job_${createHash('sha256').update(`${clientId}\n${idempotencyKey}`).digest('hex').slice(0, 32)}`;

/** A job id from 16 random bytes. */
export const jobIdOfBytes = (bytes: Uint8Array): string => {
  if (bytes.length !== 16) throw new RangeError(`\`bytes\` must be 16 bytes, got: ${bytes.length}`);
  return `job_${Buffer.from(bytes).toString('hex')}`;
};
