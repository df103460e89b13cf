import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { LambdaProcessor } from '../../../../lambda/runtime/consumer-control/lambda-processor';
import type { Received } from '../../../../lambda/runtime/work-queue/work-queue';

const lambda = mockClient(LambdaClient);
const processor = new LambdaProcessor(new LambdaClient({ region: 'eu-central-1' }), 'process-job');
beforeEach(() => lambda.reset());

const message: Received = {
  messageId: 'message-1',
  receiptHandle: 'receipt-1',
  body: '{"jobId":"job_1","correlationId":"trace-1"}',
  attributes: { ApproximateReceiveCount: '2', SentTimestamp: '1700000000000' },
  messageAttributes: { firstQueuedAt: { dataType: 'Number', stringValue: '1690000000000' } },
};
const answer = (payload: unknown, FunctionError?: string) =>
  lambda.on(InvokeCommand).resolves({
    Payload: Buffer.from(JSON.stringify(payload)) as never,
    ...(FunctionError && { FunctionError }),
  });

test('hands the message over as the queue itself would, and waits for the answer', async () => {
  answer({ batchItemFailures: [] });
  expect(await processor.process(message)).toBe(true);
  const { FunctionName, Payload, InvocationType } = lambda.commandCalls(InvokeCommand)[0]?.args[0].input ?? {};
  expect([FunctionName, InvocationType]).toEqual(['process-job', undefined]);
  expect(JSON.parse(String(Payload)).Records).toEqual([
    expect.objectContaining({ ...message, eventSource: 'aws:sqs' }),
  ]);
});

test.each([
  ['the message is among the failures', { batchItemFailures: [{ itemIdentifier: 'message-1' }] }, undefined],
  ['the function failed', { errorMessage: 'out of memory' }, 'Unhandled'],
  ['the answer is none', null, undefined],
  ['the answer says nothing of failures', {}, undefined],
])('is not done where %s', async (_, payload, functionError) => {
  answer(payload, functionError);
  expect(await processor.process(message)).toBe(false);
});

test('an invocation that fails is the controller’s failure', async () => {
  lambda.on(InvokeCommand).rejects(new Error('TooManyRequests'));
  await expect(processor.process(message)).rejects.toThrow('TooManyRequests');
});
