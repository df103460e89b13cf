import '../doubles/environment';
import { handler } from '../../../lambda/read-job/handler';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { JOBS_TABLE } from '../doubles/environment';
import { apiEvent, CLIENT_ID, context, sqsRecord } from '../doubles/events';
import { completion, Processor, upstreamFailure } from '../doubles/processor';

let cloud: Cloud;
let processor: Processor;
let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  cloud = new Cloud();
  processor = new Processor(cloud);
  processor.nowMs = Date.now();
  output = captureOutput();
});
afterEach(() => output.release());

const read = async (id: string | undefined, clientId = CLIENT_ID) => {
  const event = apiEvent({ resource: '/v1/jobs/{id}', pathParameters: id === undefined ? null : { id }, clientId });
  const response = await handler(event as never, context());
  return { ...response, body: JSON.parse(response.body) };
};

test('a queued job', async () => {
  const { jobId } = await processor.submit();
  const { statusCode, headers, body } = await read(jobId);
  expect(statusCode).toBe(200);
  expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' });
  expect(body).toEqual({
    id: jobId,
    status: 'queued',
    model: 'claude-sonnet-4-5',
    createdAt: new Date(processor.nowMs).toISOString(),
  });
});

test('a succeeded job comes with its completion, which no log line holds', async () => {
  const message = await processor.submit();
  await processor.process(sqsRecord(message));
  const { body } = await read(message.jobId);
  expect(body).toMatchObject({ status: 'succeeded', completion, completedAt: expect.any(String) });
  expect(body).not.toHaveProperty('failure');
  expect(output.lines()).toHaveLength(1);
  expect(output.text()).not.toContain('wall');
});

test('a failed job comes with its reason, and nothing for the operator', async () => {
  const message = await processor.submit();
  processor.upstream.answer(upstreamFailure({ disposition: 'refuse', reason: 'upstream-refused', status: 400 }));
  await processor.process(sqsRecord(message));
  expect((await read(message.jobId)).body).toMatchObject({ status: 'failed', failure: { reason: 'upstream-refused' } });
  expect((await read(message.jobId)).body.failure).not.toHaveProperty('detail');
});

test('a job that went back to the queue has not failed', async () => {
  const message = await processor.submit();
  processor.upstream.answer(upstreamFailure({ disposition: 'return' }));
  await processor.process(sqsRecord(message));
  const { body } = await read(message.jobId);
  expect(body).toMatchObject({ status: 'queued' });
  expect(body).not.toHaveProperty('failure');
});

describe('404 for', () => {
  const notFound = { statusCode: 404, body: { type: 'urn:bulwark:problem:not-found' } };

  test.each(['job_00000000000000000000000000000000', 'job_0', '../../etc/passwd', '', undefined])(
    'the id %s',
    async (id) => {
      expect(await read(id)).toMatchObject(notFound);
    },
  );

  test('an id of the wrong form, without a read', async () => {
    await read('job_XYZ');
    expect(cloud.steps).toEqual([]);
  });

  test('another client’s job, with the same answer as for none', async () => {
    const { jobId } = await processor.submit();
    const others = await read(jobId, '0000000000000000');
    expect(others).toMatchObject(notFound);
    expect(others.body).toEqual((await read('job_00000000000000000000000000000000')).body);
  });

  test('an expired job that is not deleted yet', async () => {
    const { jobId } = await processor.submit();
    cloud.dynamodb.put(JOBS_TABLE, { ...cloud.job(jobId), expiresAt: Math.floor(Date.now() / 1000) - 1 });
    expect(await read(jobId)).toMatchObject(notFound);
  });
});

test('a result that was moved here from another job does not open', async () => {
  const [mine, others] = [await processor.submit(), await processor.submit()];
  await processor.process(sqsRecord(mine, { messageId: 'a' }), sqsRecord(others, { messageId: 'b' }));
  cloud.dynamodb.put(JOBS_TABLE, { ...cloud.result(others.jobId), jobId: mine.jobId });
  expect((await read(mine.jobId)).statusCode).toBe(500);
});

test('nobody is 401', async () => {
  expect((await read('job_0', '')).statusCode).toBe(401);
});
