import { FailureReason } from '../../lib/contract/failures';
import { JobStatus, JobsTable } from '../../lib/contract/tables';
import type { ApiClient } from '../../local/api-client';
import { peekDeadLetters } from '../../local/dead-letters';
import type { UpstreamStep } from '../../local/doubles/upstream-script';
import { ENDED_WITHIN_MS, newMarker, StackUnderTest } from './stack-under-test';

const stack = new StackUnderTest();
let api: ApiClient;
/** Started first, as it takes longest. */
let poisoned: ReturnType<typeof runJob>;
let hasPoisonedEnded = false;

beforeAll(async () => {
  ({ api } = await stack.newClient('job lifecycle'));
  poisoned = runJob('poisoned', [], { kind: 'error', status: 500 }).finally(() => {
    hasPoisonedEnded = true;
  });
});

async function runJob(name: string, steps: readonly UpstreamStep[], otherwise?: UpstreamStep) {
  const marker = newMarker(name);
  await stack.upstream.script(marker, steps, otherwise);
  const id = await api.accept(`Please. [[${marker}]]`);
  const job = await api.untilEnded(id, ENDED_WITHIN_MS);
  return { id, job, ...(await stack.upstream.callsOf(marker)) };
}

test('the location of an accepted job leads to it', async () => {
  const { headers } = await api.submit('Where is it?');
  const location = new URL(headers.get('location') ?? '', `${api.baseUrl}/v1/jobs`);
  const answer = await api.request('GET', location.href.slice(api.baseUrl.length));
  expect(answer).toMatchObject({ status: 200, json: { id: location.pathname.split('/').at(-1) } });
});

test('a submitted job succeeds, with its completion and usage', async () => {
  const { id, job, calls } = await runJob('succeeds', [{ kind: 'reply', text: 'Here you are.' }]);
  expect(job).toMatchObject({
    id,
    status: JobStatus.SUCCEEDED,
    completion: { text: 'Here you are.', stopReason: 'end_turn' },
  });
  expect(job.completion?.usage).toMatchObject({ inputTokens: expect.any(Number), outputTokens: 3 });
  expect(calls).toBe(1);
});

test.each<[string, UpstreamStep[], number, number]>([
  ['500, 500, then 200', [{ kind: 'error' }, { kind: 'error' }], 3, 1],
  ['429 with retry-after, then 200', [{ kind: 'error', status: 429, retryAfter: 1 }], 2, 1],
  ['529, then 200', [{ kind: 'error', status: 529 }], 2, 1],
  ['a connection that breaks before the first byte', [{ kind: 'reset-before' }], 2, 1],
  ['a connection that breaks in the middle of the answer', [{ kind: 'reset-after' }], 2, 2],
])('the upstream answers %s: the job succeeds', async (_name, steps, expectedCalls, expectedPaid) => {
  const { job, calls, paid } = await runJob('transient', steps);
  expect(job.status).toBe(JobStatus.SUCCEEDED);
  expect({ calls, paid }).toEqual({ calls: expectedCalls, paid: expectedPaid });
});

test('the upstream refuses for good: the job fails with its reason after one call, and is not tried again', async () => {
  const { id, job, calls } = await runJob('refused', [], { kind: 'error', status: 400 });
  expect(job).toMatchObject({ status: JobStatus.FAILED, failure: { reason: FailureReason.UPSTREAM_REFUSED } });
  expect(calls).toBe(1);
  expect(await peekDeadLetters(stack.addresses)).not.toContain(id);
});

test('a poisoned job ends in the dead-letter queue, with its reason, and without a result', async () => {
  // While nobody else is served, its failures could be an outage's.
  while (!hasPoisonedEnded) await runJob('beside', []);
  const { id, job } = await poisoned;
  expect(job).toMatchObject({ status: JobStatus.DEAD_LETTERED, failure: { reason: FailureReason.UPSTREAM_ERROR } });
  await expect(untilDeadLettered(id)).resolves.toBe(true);
  expect(await stack.row(id, JobsTable.RESULT_PART)).toBeUndefined();
});

async function untilDeadLettered(id: string): Promise<boolean> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    if ((await peekDeadLetters(stack.addresses)).includes(id)) return true;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  return false;
}

test('the service says that it is alive, without a key', async () => {
  const health = await api.request('GET', '/health', undefined, { authorization: '' });
  expect(health.status).toBe(200);
  expect(health.json).toMatchObject({ status: 'ok', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
});
