import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { SqsWorkQueue } from '../../../../lambda/runtime/work-queue/sqs-work-queue';

const sqs = mockClient(SQSClient);
const queue = new SqsWorkQueue(new SQSClient({ region: 'eu-central-1' }), 'https://queue');
beforeEach(() => sqs.reset());

test('sends each message in its client’s group, a copy with its delay, its first date and who lives', async () => {
  sqs.on(SendMessageBatchCommand).resolves({ Failed: [{ Id: '1', Code: 'InternalError', SenderFault: false }] });
  const message = { jobId: 'job_1', correlationId: 'trace-1' };
  const refused = await queue.send([
    { message, clientId: 'a' },
    { message, clientId: 'b', delaySeconds: 30, firstQueuedAt: 1_700_000_000_000 },
    { message, clientId: 'c', delaySeconds: 0, livingOwner: 'worker-1' },
  ]);
  expect(refused).toEqual([1]);
  const MessageBody = JSON.stringify(message);
  expect(sqs.commandCalls(SendMessageBatchCommand)[0]?.args[0].input).toEqual({
    QueueUrl: 'https://queue',
    Entries: [
      { Id: '0', MessageBody, MessageGroupId: 'a' },
      {
        Id: '1',
        MessageBody,
        MessageGroupId: 'b',
        DelaySeconds: 30,
        MessageAttributes: { firstQueuedAt: { DataType: 'Number', StringValue: '1700000000000' } },
      },
      {
        Id: '2',
        MessageBody,
        MessageGroupId: 'c',
        MessageAttributes: { livingOwner: { DataType: 'String', StringValue: 'worker-1' } },
      },
    ],
  });
});

test('receives one message with all that the queue knows of it', async () => {
  sqs.on(ReceiveMessageCommand).resolves({
    Messages: [
      {
        MessageId: 'message-1',
        ReceiptHandle: 'receipt-1',
        Body: '{}',
        Attributes: { ApproximateReceiveCount: '3', MessageGroupId: 'a' },
        MessageAttributes: { firstQueuedAt: { DataType: 'Number', StringValue: '17' } },
      },
    ],
  });
  expect(await queue.receiveOne()).toEqual({
    messageId: 'message-1',
    receiptHandle: 'receipt-1',
    body: '{}',
    attributes: { ApproximateReceiveCount: '3', MessageGroupId: 'a' },
    messageAttributes: { firstQueuedAt: { dataType: 'Number', stringValue: '17' } },
  });
  expect(sqs.commandCalls(ReceiveMessageCommand)[0]?.args[0].input).toMatchObject({
    MaxNumberOfMessages: 1,
    // Without a wait SQS asks a part of its servers only, and may answer none of a few messages.
    WaitTimeSeconds: 1,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
  });
});

test.each([[[]], [undefined]])('receives nothing where there is nothing: %j', async (Messages) => {
  sqs.on(ReceiveMessageCommand).resolves({ Messages });
  expect(await queue.receiveOne()).toBeUndefined();
});

test('deletes by receipt', async () => {
  sqs.on(DeleteMessageCommand).resolves({});
  await queue.delete('receipt-1');
  expect(sqs.commandCalls(DeleteMessageCommand)[0]?.args[0].input).toEqual({
    QueueUrl: 'https://queue',
    ReceiptHandle: 'receipt-1',
  });
});

test.each([
  [{ ApproximateNumberOfMessages: '42' }, 42],
  [{ ApproximateNumberOfMessages: '42', ApproximateNumberOfMessagesDelayed: '58' }, 100],
  [undefined, 0],
])('knows how many messages wait, the delayed ones as well: %j', async (Attributes, depth) => {
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes });
  expect(await queue.depth()).toBe(depth);
  expect(sqs.commandCalls(GetQueueAttributesCommand)[0]?.args[0].input).toEqual({
    QueueUrl: 'https://queue',
    AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesDelayed'],
  });
});
