import { randomBytes } from 'node:crypto';
import { revokeClient } from '../../cli/clients/revoke-client';
import { makeClientKey } from '../../lib/contract/client-keys';
import { PROBLEM_CONTENT_TYPE, Problem, type ProblemKind } from '../../lib/contract/problems';
import { type ApiAnswer, ApiClient, mediaTypeOf } from '../../local/api-client';
import { newMarker, StackUnderTest } from './stack-under-test';

const stack = new StackUnderTest();
const { apiUrl } = stack.addresses;

function expectProblem(answer: ApiAnswer, problem: ProblemKind): void {
  expect(answer.status).toBe(problem.status);
  expect(mediaTypeOf(answer)).toBe(PROBLEM_CONTENT_TYPE);
  expect(answer.json).toMatchObject({ type: problem.type, title: problem.title });
}

test.each([
  ['no key', undefined],
  ['something that is no key', 'nonsense'],
  ['a key of the right form that nobody was given', makeClientKey('local', 'a'.repeat(16), randomBytes(32))],
])('%s is answered with 401', async (_name, key) => {
  const api = new ApiClient(apiUrl, key);
  expectProblem(await api.submit('Hello'), Problem.UNAUTHENTICATED);
  expectProblem(await api.request('GET', `/v1/jobs/job_${'0'.repeat(32)}`), Problem.UNAUTHENTICATED);
});

test("another secret under a real client's id is answered with 401", async () => {
  const { clientId } = await stack.newClient('wrong secret');
  const forged = new ApiClient(apiUrl, makeClientKey('local', clientId, randomBytes(32)));
  expectProblem(await forged.submit('Hello'), Problem.UNAUTHENTICATED);
  expect(await stack.countRowsOf(clientId)).toBe(0);
});

test('a revoked client is answered with 403', async () => {
  const { api, clientId } = await stack.newClient('revoked');
  await revokeClient({ deployment: stack.addresses.deployment, access: stack.access }, clientId);
  expectProblem(await api.submit('Hello'), Problem.FORBIDDEN);
  expect(await stack.countRowsOf(clientId)).toBe(0);
});

test('a job is readable by its own client only: to another it does not exist', async () => {
  const [mine, theirs] = await Promise.all([stack.newClient('mine'), stack.newClient('theirs')]);
  const id = await mine.api.accept(`Mine. [[${newMarker('own')}]]`);
  expect((await mine.api.request('GET', `/v1/jobs/${id}`)).status).toBe(200);
  const theirAnswer = await theirs.api.request('GET', `/v1/jobs/${id}`);
  expectProblem(theirAnswer, Problem.NOT_FOUND);
  expectProblem(await theirs.api.request('GET', `/v1/jobs/job_${'0'.repeat(32)}`), Problem.NOT_FOUND);
});
