import '../doubles/environment';
import { handler } from '../../../lambda/read-job/handler';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { apiEvent, context } from '../doubles/events';

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  new Cloud();
  output = captureOutput();
});
afterEach(() => output.release());

const call = (overrides: Parameters<typeof apiEvent>[0]) =>
  handler(apiEvent({ resource: '/v1/jobs/{id}', pathParameters: { id: 'job_0' }, ...overrides }) as never, context());
const answered = () => output.lines().filter(({ message }) => message === 'Answered.');

test('writes one line a request: who asked what, how it ended, how long it took', async () => {
  await call({});
  expect(answered()).toEqual([
    expect.objectContaining({
      level: 'INFO',
      service: 'bulwark',
      requestId: 'request-1',
      correlationId: 'request-1',
      clientId: 'abcdefgh12345678',
      method: 'GET',
      route: '/v1/jobs/{id}',
      status: 404,
      durationMs: expect.any(Number),
    }),
  ]);
});

test('nothing of a request is left in the line of the next', async () => {
  await call({ headers: { 'x-correlation-id': 'first' } });
  await call({ clientId: '' });
  expect(answered().map(({ correlationId }) => correlationId)).toEqual(['first', 'request-1']);
  expect(answered()[1]).not.toHaveProperty('clientId');
});

test('a correlation id that is given twice is not taken', async () => {
  const { headers } = await call({ multiValueHeaders: { 'X-Correlation-Id': ['a', 'b'] } });
  expect(headers).toMatchObject({ 'x-correlation-id': 'request-1' });
});

test('refusals are counted, and the count is written with the request', async () => {
  await call({});
  expect(output.lines()).toContainEqual(expect.objectContaining({ RequestsRefused: 1 }));
  await call({});
  expect(output.lines().filter(({ RequestsRefused }) => RequestsRefused === 1)).toHaveLength(2);
});
