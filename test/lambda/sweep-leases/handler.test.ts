import '../doubles/environment';
import { GetEventSourceMappingCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { handler } from '../../../lambda/sweep-leases/handler';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { CONSUMER_MAPPING, STUCK_AFTER_MS } from '../doubles/environment';
import { context } from '../doubles/events';
import { Processor } from '../doubles/processor';

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.release());

test('sends a stuck job again, counts it, and logs whose it is', async () => {
  const cloud = new Cloud();
  const processor = new Processor(cloud);
  processor.nowMs = Date.now() - STUCK_AFTER_MS - 60_000;
  const message = await processor.submit();
  mockClient(LambdaClient).on(GetEventSourceMappingCommand, { UUID: CONSUMER_MAPPING }).resolves({ State: 'Enabled' });

  expect(await handler({} as never, context())).toEqual({ resent: 1, buried: 0, failed: 0 });
  expect(cloud.sent.map(({ MessageBody }) => JSON.parse(MessageBody ?? ''))).toEqual([message]);
  expect(output.lines()).toContainEqual(expect.objectContaining({ JobsSwept: 1, BreakerOpenSeconds: 0 }));
  expect(output.lines()).toContainEqual(expect.objectContaining({ level: 'WARN', jobId: message.jobId }));
});

test('reminds the controller of a consumer that stayed paused', async () => {
  new Cloud();
  mockClient(LambdaClient).on(GetEventSourceMappingCommand).resolves({ State: 'Disabled' });
  const sqs = mockClient(SQSClient);
  sqs.on(SendMessageCommand).resolves({});
  sqs.onAnyCommand().resolves({});

  await handler({} as never, context());
  expect(sqs.commandCalls(SendMessageCommand)[0]?.args[0].input.MessageBody).toBe(
    JSON.stringify({ kind: 'resume', breaker: 'upstream', epoch: 0, concurrency: 2 }),
  );
});
