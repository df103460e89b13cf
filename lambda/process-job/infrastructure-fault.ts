import { LeaseLostError } from '../runtime/jobs/errors';
import { isCallRefused } from './job-spending';

/** Thrown where AWS itself failed a job: neither the job nor the upstream has to do with it. `cause` is the SDK's error. */
export class InfrastructureError extends Error {
  override readonly name = 'InfrastructureError';

  constructor(cause: unknown) {
    super('A service of AWS failed.', { cause });
  }
}

/** Names under which AWS refuses what it was sent: the row of the one job is wrong, and every other job succeeds. */
const OF_THE_JOB: ReadonlySet<string> = new Set([
  'InvalidCiphertextException',
  'SerializationException',
  'ValidationException',
]);

/** Names of faults of this code; with the SDK's metadata it is an answer of AWS that could not be read. */
const OF_THE_CODE: ReadonlySet<string> = new Set(['RangeError', 'SyntaxError', 'TypeError']);

interface AwsError {
  readonly name?: unknown;
  /** What the SDK adds to the error of a call that had an answer. */
  readonly $metadata?: unknown;
  /** Of a transaction that was cancelled. */
  readonly CancellationReasons?: readonly { readonly Code?: string }[];
}

/**
 * Whether an error of a call to AWS would be met by every other job as well: a throttle, an outage, a right or a key
 * that was taken away.
 */
export const isInfrastructureFault = (error: unknown): boolean => {
  if (error instanceof LeaseLostError || isCallRefused(error)) return false;
  const { name, $metadata, CancellationReasons = [] } = (error ?? {}) as AwsError;
  if (OF_THE_CODE.has(String(name))) return $metadata !== undefined;
  return !OF_THE_JOB.has(String(name)) && !CancellationReasons.some(({ Code }) => Code === 'ValidationError');
};

/** Settles as the call to AWS does. @throws InfrastructureError where the fault is of AWS; else what the call throws */
export const viaAws = async <T>(call: Promise<T>): Promise<T> => {
  try {
    return await call;
  } catch (error) {
    throw isInfrastructureFault(error) ? new InfrastructureError(error) : error;
  }
};
