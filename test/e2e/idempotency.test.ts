import { Problem } from '../../lib/contract/problems';
import { JobStatus } from '../../lib/contract/tables';
import type { ApiClient, JobView } from '../../local/api-client';
import { ENDED_WITHIN_MS, newMarker, StackUnderTest } from './stack-under-test';

const stack = new StackUnderTest();
let api: ApiClient;
let clientId: string;

beforeAll(async () => {
  ({ api, clientId } = await stack.newClient('idempotency'));
});

test('50 requests at once with one Idempotency-Key are one job and one paid call', async () => {
  const marker = newMarker('fifty');
  const prompt = `Once, please. [[${marker}]]`;
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => api.submit(prompt, { 'idempotency-key': marker })),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(202));
  const ids = new Set(answers.map(({ json }) => (json as JobView).id));
  expect(ids.size).toBe(1);
  const replayed = answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true');
  expect(replayed).toHaveLength(49);

  const [id = ''] = ids;
  expect(await api.untilEnded(id, ENDED_WITHIN_MS)).toMatchObject({ status: JobStatus.SUCCEEDED });
  expect(await stack.upstream.callsOf(marker)).toEqual({ calls: 1, paid: 1 });
  expect(await stack.countRowsOf(clientId)).toBe(1);
});

test('the same key with another body is refused, and the first job is untouched', async () => {
  const marker = newMarker('other-body');
  const id = await api.accept(`The first. [[${marker}]]`, { 'idempotency-key': marker });
  const second = await api.submit(`Another. [[${marker}]]`, { 'idempotency-key': marker });
  expect(second.status).toBe(422);
  expect(second.json).toMatchObject({ type: Problem.IDEMPOTENCY_KEY_REUSED.type });
  expect(await api.untilEnded(id, ENDED_WITHIN_MS)).toMatchObject({ status: JobStatus.SUCCEEDED });
});

test('the same key of another client is another job', async () => {
  const marker = newMarker('two-clients');
  const { api: other } = await stack.newClient('idempotency, another');
  const headers = { 'idempotency-key': marker };
  const [mine, theirs] = await Promise.all([
    api.accept(`Mine. [[${marker}]]`, headers),
    other.accept(`Mine. [[${marker}]]`, headers),
  ]);
  expect(mine).not.toBe(theirs);
});
