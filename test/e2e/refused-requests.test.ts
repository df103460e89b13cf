import { PROBLEM_CONTENT_TYPE } from '../../lib/contract/problems';
import { type ApiClient, mediaTypeOf, submissionOf } from '../../local/api-client';
import { StackUnderTest } from './stack-under-test';

const stack = new StackUnderTest();
let api: ApiClient;
let clientId: string;
const good = submissionOf('Hello');

beforeAll(async () => {
  ({ api, clientId } = await stack.newClient('refused requests'));
});

const REFUSED: [string, number, string | Uint8Array | undefined, Record<string, string>][] = [
  ['malformed JSON', 400, '{"model": "m",', {}],
  ['an empty body', 400, '', {}],
  ['no body at all', 400, undefined, { 'content-type': 'application/json' }],
  ['a body that is not an object', 400, '[]', {}],
  ['a value of the wrong type', 400, JSON.stringify({ ...good, max_tokens: 'many' }), {}],
  ['a value out of range', 400, JSON.stringify({ ...good, max_tokens: 0 }), {}],
  ['an extra field', 400, JSON.stringify({ ...good, stream: true }), {}],
  ['a missing field', 400, JSON.stringify({ model: good.model, max_tokens: 1 }), {}],
  ['a body that is not UTF-8', 400, new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), {}],
  ['another content type', 415, JSON.stringify(good), { 'content-type': 'text/plain' }],
  ['an Idempotency-Key that is too long', 400, JSON.stringify(good), { 'idempotency-key': 'k'.repeat(256) }],
  ['a body of 11 MB', 413, JSON.stringify(good).padEnd(11 * 1024 * 1024), {}],
];

test.each(REFUSED)('%s is answered with a problem document, %i', async (_name, status, body, headers) => {
  const answer = await api.request('POST', '/v1/jobs', body, headers);
  expect({ status: answer.status, contentType: mediaTypeOf(answer) }).toEqual({
    status,
    contentType: PROBLEM_CONTENT_TYPE,
  });
  expect(answer.json).toMatchObject({
    type: expect.stringMatching(/^urn:bulwark:problem:/),
    title: expect.any(String),
  });
});

test('a body just over the limit of the service is answered with 413', async () => {
  const messages = Array.from({ length: 3 }, () => ({ role: 'user', content: 'x'.repeat(100_000) }));
  const answer = await api.request('POST', '/v1/jobs', JSON.stringify({ ...good, messages }));
  expect(answer.status).toBe(413);
});

test.each([
  ['GET', '/v1/jobs'],
  ['DELETE', '/v1/jobs'],
  ['GET', '/v1/unknown'],
])('%s %s is answered with a problem document, 404', async (method, path) => {
  const answer = await api.request(method, path);
  expect(answer.status).toBe(404);
  expect(mediaTypeOf(answer)).toBe(PROBLEM_CONTENT_TYPE);
});

test('of all these, nothing was written and nothing was enqueued', async () => {
  expect(await stack.countRowsOf(clientId)).toBe(0);
  expect(await stack.countWaiting()).toBe(0);
});
