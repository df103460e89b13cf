import '../doubles/environment';
import {
  GetEventSourceMappingCommand,
  InvokeCommand,
  LambdaClient,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { handler } from '../../../lambda/control-breaker/handler';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { CONSUMER_MAPPING, CONTROL_QUEUE_URL, CONTROL_TABLE, PROCESSOR, QUEUE_URL } from '../doubles/environment';
import { context, streamRecord } from '../doubles/events';

let cloud: Cloud;
/** The stand-ins of both clients; made after those of the cloud, which they take the place of. */
const mockClients = () => ({ lambda: mockClient(LambdaClient), sqs: mockClient(SQSClient) });
let lambda: ReturnType<typeof mockClients>['lambda'];
let sqs: ReturnType<typeof mockClients>['sqs'];
let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  cloud = new Cloud();
  ({ lambda, sqs } = mockClients());
  sqs.on(SendMessageCommand).resolves({});
  sqs.on(DeleteMessageCommand).resolves({});
  lambda.on(GetEventSourceMappingCommand, { UUID: CONSUMER_MAPPING }).resolves({ State: 'Enabled' });
  lambda.on(UpdateEventSourceMappingCommand, { UUID: CONSUMER_MAPPING }).resolves({});
  output = captureOutput();
});
afterEach(() => output.release());

const row = (overrides: object) => ({
  name: 'breaker#upstream',
  status: 'open',
  epoch: 4,
  changedAt: Date.now(),
  openUntil: Date.now() + 60_000,
  reason: 'failure-rate',
  openings: 1,
  successes: 0,
  ...overrides,
});
const sent = () => sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input);

test('follows a breaker of the stream that opened: pauses the mapping, and tells itself when to probe', async () => {
  const opened = row({});
  cloud.dynamodb.put(CONTROL_TABLE, opened);
  const Records = [streamRecord(opened, '17', 'MODIFY')];
  expect(await handler({ Records } as never, context())).toEqual({ batchItemFailures: [] });
  expect(lambda.commandCalls(UpdateEventSourceMappingCommand).map(({ args }) => args[0].input)).toEqual([
    { UUID: CONSUMER_MAPPING, Enabled: false },
  ]);
  expect(sent()).toEqual([
    {
      QueueUrl: CONTROL_QUEUE_URL,
      MessageBody: JSON.stringify({ kind: 'probe', breaker: 'upstream', epoch: 4, turn: '0//', idle: 0 }),
      DelaySeconds: 60,
    },
  ]);
  expect(output.lines()).toContainEqual(expect.objectContaining({ ConsumerPaused: 1 }));
});

test('lets one message of the work queue through the processor, and deletes it when that is done', async () => {
  cloud.dynamodb.put(CONTROL_TABLE, row({ openUntil: Date.now() - 1 }));
  lambda.on(GetEventSourceMappingCommand).resolves({ State: 'Disabled' });
  lambda
    .on(InvokeCommand, { FunctionName: PROCESSOR })
    .resolves({ Payload: Buffer.from('{"batchItemFailures":[]}') } as never);
  sqs
    .on(ReceiveMessageCommand, { QueueUrl: QUEUE_URL })
    .resolves({ Messages: [{ MessageId: 'work-1', ReceiptHandle: 'receipt-1', Body: '{}' }] });
  const body = JSON.stringify({ kind: 'probe', breaker: 'upstream', epoch: 4, idle: 0 });
  const Records = [{ messageId: 'control-1', body }];
  expect(await handler({ Records } as never, context())).toEqual({ batchItemFailures: [] });
  expect(sqs.commandCalls(DeleteMessageCommand).map(({ args }) => args[0].input)).toEqual([
    { QueueUrl: QUEUE_URL, ReceiptHandle: 'receipt-1' },
  ]);
  expect(sent()).toHaveLength(1);
});

test('a step that fails is no less a failure where the message cannot be given back', async () => {
  cloud.dynamodb.beforeRead = () => {
    throw new Error('DynamoDB is down');
  };
  sqs.on(ChangeMessageVisibilityCommand).rejects(new Error('SQS is down'));
  const body = JSON.stringify({ kind: 'probe', breaker: 'upstream', epoch: 4, idle: 0 });
  const Records = [{ messageId: 'control-1', receiptHandle: 'receipt-1', body }];
  expect(await handler({ Records } as never, context())).toEqual({
    batchItemFailures: [{ itemIdentifier: 'control-1' }],
  });
  expect(output.text()).toContain('SQS is down');
});

test('answers what it could not follow, and all after it', async () => {
  cloud.dynamodb.beforeRead = () => {
    throw new Error('DynamoDB is down');
  };
  const Records = [streamRecord(row({}), '17', 'MODIFY'), streamRecord(row({ epoch: 5 }), '18', 'MODIFY')];
  expect(await handler({ Records } as never, context())).toEqual({
    batchItemFailures: [{ itemIdentifier: '17' }, { itemIdentifier: '18' }],
  });
  expect(output.text()).toContain('DynamoDB is down');
});
