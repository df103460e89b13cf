import '../doubles/environment';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { context, sqsRecord } from '../doubles/events';
import { type LocalServer, startLocalServer } from '../doubles/local-server';
import { Processor } from '../doubles/processor';

const reply = {
  model: 'claude-sonnet-4-5-20250929',
  content: [{ type: 'text', text: 'the answer of the tower' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 12, output_tokens: 6 },
};

let server: LocalServer;
let handler: typeof import('../../../lambda/process-job/handler')['handler'];
let cloud: Cloud;
let output: ReturnType<typeof captureOutput>;

beforeAll(async () => {
  server = await startLocalServer();
  process.env.BULWARK_UPSTREAM_URL = `${server.url}/`;
  ({ handler } = await import('../../../lambda/process-job/handler'));
});
afterAll(() => server.close());
beforeEach(() => {
  cloud = new Cloud();
  output = captureOutput();
  server.received.length = 0;
});
afterEach(() => output.release());

const answerWith = (...statuses: number[]) =>
  server.behave((response) => {
    const status = statuses.shift() ?? 200;
    response
      .writeHead(status)
      .end(JSON.stringify(status === 200 ? reply : { error: { type: 'api_error', message: 'the prompt was: tower' } }));
  });
const submit = () => {
  const processor = new Processor(cloud);
  processor.nowMs = Date.now();
  return processor.submit('the question of the tower');
};

test('runs a job over HTTP, in two calls where the first fails, and logs and counts it', async () => {
  answerWith(500, 200);
  const message = await submit();
  expect(await handler({ Records: [sqsRecord(message)] }, context())).toEqual({ batchItemFailures: [] });
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 2 });
  expect(server.received.map(({ request }) => request.headers['x-api-key'])).toEqual([
    'sk-upstream-key',
    'sk-upstream-key',
  ]);
  expect(output.lines()).toContainEqual(
    expect.objectContaining({ UpstreamCalls: [1, 1], UpstreamFailures: 1, JobsSucceeded: 1 }),
  );
  const succeeded = output.lines().find(({ message: text }) => text === 'The job succeeded.');
  expect(succeeded).toMatchObject({ jobId: message.jobId, correlationId: 'trace-1', messageId: 'message-1' });
});

test('no prompt, completion or key is in any log line, whatever happens', async () => {
  answerWith(429, 200, 400, 401, 401);
  const messages = [await submit(), await submit(), await submit()];
  for (const message of messages) await handler({ Records: [sqsRecord(message)] }, context());
  expect(messages.map(({ jobId }) => cloud.job(jobId)?.status)).toEqual(['succeeded', 'failed', 'queued']);
  expect(output.lines().length).toBeGreaterThan(6);
  expect(output.text()).not.toMatch(/tower|sk-upstream-key/);
});

test('records that run in parallel log under their own job', async () => {
  answerWith();
  const messages = [await submit(), await submit()];
  const records = messages.map((message, i) => sqsRecord(message, { messageId: `message-${i}` }));
  await handler({ Records: records }, context());
  const ends = output.lines().filter(({ message }) => message === 'The job succeeded.');
  expect(ends.map(({ jobId }) => jobId).sort()).toEqual(messages.map(({ jobId }) => jobId).sort());
});

test('stops calling two seconds before the function ends', async () => {
  answerWith();
  const message = await submit();
  const outcome = await handler({ Records: [sqsRecord(message)] }, context({ getRemainingTimeInMillis: () => 1_999 }));
  expect(outcome).toEqual({ batchItemFailures: [] });
  expect(server.received).toHaveLength(0);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', upstreamCalls: 0 });
});
