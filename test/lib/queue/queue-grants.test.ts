import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { ResilientQueue, StandardFunction } from '../../../lib';

let stack: Stack;

beforeEach(() => {
  stack = new Stack(new App(), 'shop', { env: { account: '111122223333', region: 'eu-west-1' } });
});

const queueWith = () => new ResilientQueue(stack, 'Orders');

const functionWith = (id: string) =>
  new StandardFunction(stack, id, { code: lambda.Code.fromInline('exports.handler = async () => ({});') });

describe('ResilientQueue.grantSend', () => {
  test("lets the sender's role send and use the key, and nothing else", () => {
    const orders = queueWith();
    const sender = functionWith('Sender');
    orders.grantSend(sender);

    expect(grantsOf(sender)).toEqual([
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: stack.resolve(orders.queue.queueArn) },
      {
        Effect: 'Allow',
        Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
        Resource: stack.resolve(orders.encryptionKey.keyArn),
      },
    ]);
  });
});

describe('ResilientQueue.grantReceive', () => {
  test('lets the role receive, delete and decrypt, and nothing else', () => {
    const orders = queueWith();
    const reader = functionWith('Reader');
    orders.grantReceive(reader);

    expect(grantsOf(reader)).toEqual([
      {
        Effect: 'Allow',
        Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'],
        Resource: stack.resolve(orders.queue.queueArn),
      },
      { Effect: 'Allow', Action: 'kms:Decrypt', Resource: stack.resolve(orders.encryptionKey.keyArn) },
    ]);
  });
});

describe('ResilientQueue.grantDeadLetter', () => {
  test('lets the role send to the dead-letter queue, and to no other', () => {
    const orders = queueWith();
    const judge = functionWith('Judge');
    orders.grantDeadLetter(judge);

    expect(grantsOf(judge)).toEqual([
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: stack.resolve(orders.deadLetterQueue.queueArn) },
      {
        Effect: 'Allow',
        Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
        Resource: stack.resolve(orders.encryptionKey.keyArn),
      },
    ]);
  });
});

describe('ResilientQueue.grantPause', () => {
  test('lets the role look at and change the one consumer', () => {
    const orders = queueWith();
    const mapping = orders.addConsumer(functionWith('Consumer'));
    const controller = functionWith('Controller');
    orders.grantPause(controller, mapping);

    expect(grantsOf(controller)).toEqual([
      {
        Effect: 'Allow',
        Action: ['lambda:GetEventSourceMapping', 'lambda:UpdateEventSourceMapping'],
        Resource: stack.resolve(mapping.eventSourceMappingArn),
      },
    ]);
  });
});

/** What a function's role may do beside what every StandardFunction may. */
function grantsOf(fn: StandardFunction): unknown[] {
  const policies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  const role = JSON.stringify([stack.resolve(fn.role?.roleName)]);
  return policies
    .filter(({ Properties }) => JSON.stringify(Properties.Roles) === role)
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .filter((statement) => !/"(logs|xray):/.test(JSON.stringify(statement.Action)));
}
