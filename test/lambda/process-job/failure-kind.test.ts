import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { kindOf } from '../../../lambda/process-job/failure-kind';
import { InfrastructureError, isInfrastructureFault, viaAws } from '../../../lambda/process-job/infrastructure-fault';
import { LeaseLostError } from '../../../lambda/runtime/jobs/errors';
import { UnsealError } from '../../../lambda/runtime/sealing/errors';
import { upstreamFailure } from '../doubles/processor';

type Details = Parameters<typeof upstreamFailure>[0];

test.each<[string, Details, string]>([
  ['a refused request', { status: 400, reason: 'upstream-refused', disposition: 'refuse' }, 'request'],
  ['a completion too large', { status: 200, reason: 'completion-too-large', disposition: 'refuse' }, 'request'],
  ['a 500', {}, 'upstream'],
  ['a lost connection', { status: undefined, reason: 'upstream-connection' }, 'upstream'],
  ['a call that takes too long', { status: undefined, reason: 'upstream-timeout' }, 'upstream'],
  ['no completion', { status: 200, reason: 'upstream-malformed', disposition: 'return' }, 'upstream'],
  ['a refused permission', { status: 403, reason: 'upstream-credential', disposition: 'return' }, 'upstream'],
  ['a refused key', { status: 401, reason: 'upstream-credential', disposition: 'return' }, 'turned-away'],
  ['exhausted credit as 403', { status: 403, reason: 'upstream-credit', disposition: 'return' }, 'turned-away'],
  ['exhausted credit as 400', { status: 400, reason: 'upstream-credit', disposition: 'return' }, 'turned-away'],
  ['a rate limit', { status: 429, reason: 'upstream-rate-limited' }, 'turned-away'],
  ['an upstream that is down', { status: 503 }, 'turned-away'],
  ['an overload', { status: 529 }, 'turned-away'],
])('%s', (_, details, kind) => {
  expect(kindOf(upstreamFailure(details))).toBe(kind);
});

test('what is not of the upstream is of AWS where it says so, and else of the job', () => {
  expect(kindOf(new InfrastructureError(new Error('down')))).toBe('infrastructure');
  expect(kindOf(new UnsealError('altered'))).toBe('job');
  expect(kindOf(undefined)).toBe('job');
});

const named = (name: string) => Object.assign(new Error(name), { name });
const cancelled = (Code: string) =>
  new TransactionCanceledException({ message: 'x', $metadata: {}, CancellationReasons: [{ Code: 'None' }, { Code }] });

test.each<[string, unknown, boolean]>([
  ['a throttle', named('ProvisionedThroughputExceededException'), true],
  ['a right taken away', named('AccessDeniedException'), true],
  ['a key that is disabled', named('DisabledException'), true],
  ['a key of another name', named('IncorrectKeyException'), true],
  ['no connection', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), true],
  ['no credentials', named('CredentialsProviderError'), true],
  ['a transaction in conflict', cancelled('TransactionConflict'), true],
  ['what nobody can name', undefined, true],
  ['a ciphertext that was altered', named('InvalidCiphertextException'), false],
  ['an item that is too large', named('ValidationException'), false],
  ['a transaction with such an item', cancelled('ValidationError'), false],
  ['a row without its parts', new TypeError('undefined'), false],
  ['a lease that is lost', new LeaseLostError('job', undefined), false],
])('%s is a fault of AWS: %p', async (_, error, expected) => {
  expect(isInfrastructureFault(error)).toBe(expected);
  const thrown: unknown = await viaAws(Promise.reject(error)).catch((caught: unknown) => caught);
  if (expected) expect(thrown).toMatchObject({ name: 'InfrastructureError', cause: error });
  else expect(thrown).toBe(error);
});

test('a call to AWS that succeeds is as ever', async () => {
  expect(await viaAws(Promise.resolve(7))).toBe(7);
});
