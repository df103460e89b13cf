import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { parseControlMessage } from '../../../../lambda/runtime/consumer-control/control-queue';
import { SqsControlQueue } from '../../../../lambda/runtime/consumer-control/sqs-control-queue';
import type { ControlMessage } from '../../../../lib/contract/messages';

const MESSAGES: ControlMessage[] = [
  { kind: 'probe', breaker: 'upstream', epoch: 3, idle: 2 },
  { kind: 'probe', breaker: 'upstream', epoch: 3, turn: '1//', idle: 0 },
  { kind: 'resume', breaker: 'upstream', epoch: 0, concurrency: 8 },
];

test.each([
  [-1, 0],
  [0, 0],
  [0.001, 1],
  [29.2, 30],
  [900, 900],
  [86_400, 900],
])('a delay of %p seconds is sent as %p', async (delay, sent) => {
  const sqs = mockClient(SQSClient);
  sqs.on(SendMessageCommand).resolves({});
  await new SqsControlQueue(new SQSClient({ region: 'eu-central-1' }), 'https://queue').send(
    MESSAGES[0] as never,
    delay,
  );
  expect(sqs.commandCalls(SendMessageCommand)[0]?.args[0].input).toEqual({
    QueueUrl: 'https://queue',
    MessageBody: JSON.stringify(MESSAGES[0]),
    DelaySeconds: sent,
  });
});

test('gives a message back for some seconds', async () => {
  const sqs = mockClient(SQSClient);
  sqs.on(ChangeMessageVisibilityCommand).resolves({});
  await new SqsControlQueue(new SQSClient({ region: 'eu-central-1' }), 'https://queue').returnAfter('receipt-1', 5);
  expect(sqs.commandCalls(ChangeMessageVisibilityCommand)[0]?.args[0].input).toEqual({
    QueueUrl: 'https://queue',
    ReceiptHandle: 'receipt-1',
    VisibilityTimeout: 5,
  });
});

test.each(MESSAGES)('%j arrives as it was sent', (message) => {
  expect(parseControlMessage(JSON.stringify({ ...message, more: 'x' }))).toEqual(message);
});

test.each([
  '',
  'null',
  '[]',
  '{"kind":"probe","breaker":"upstream","epoch":1}',
  '{"kind":"probe","breaker":"upstream","epoch":-1,"idle":0}',
  '{"kind":"probe","breaker":"","epoch":1,"idle":0}',
  '{"kind":"resume","breaker":"upstream","epoch":1,"concurrency":1.5}',
  '{"kind":"close","breaker":"upstream","epoch":1,"idle":0,"concurrency":1}',
])('%j holds no message', (body) => {
  expect(parseControlMessage(body)).toBeUndefined();
});

test('no body makes it throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (body) => expect(() => parseControlMessage(body)).not.toThrow()),
  );
});
