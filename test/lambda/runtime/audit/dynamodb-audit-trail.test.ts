import { ConditionalCheckFailedException, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { DynamoDbAuditTrail } from '../../../../lambda/runtime/audit/dynamodb-audit-trail';

const mock = mockClient(DynamoDBClient);
const trail = new DynamoDbAuditTrail(new DynamoDBClient({}), 'audit');
const act = {
  who: 'control-spend',
  what: 'spend.cut',
  on: 'spend',
  reason: 'the cap is used up',
  result: 'cut off',
  atMs: Date.parse('2026-11-22T12:00:00.123Z'),
};
beforeEach(() => {
  mock.reset();
});

test('writes one record of an act, under a name that a second telling has as well, and never over another', async () => {
  mock.on(PutItemCommand).resolves({});
  await trail.record(act);
  await trail.record(act);
  const [first, second] = mock.commandCalls(PutItemCommand).map(({ args }) => args[0].input);
  expect(second).toEqual(first);
  expect(unmarshall(first?.Item ?? {})).toEqual({
    day: '2026-11-22',
    at: '2026-11-22T12:00:00.123Z#spend.cut',
    act: 'control-spend/spend.cut/2026-11-22T12:00:00.123Z',
    who: 'control-spend',
    what: 'spend.cut',
    on: 'spend',
    reason: 'the cap is used up',
    result: 'cut off',
  });
  expect(first).toMatchObject({
    TableName: 'audit',
    ConditionExpression: 'attribute_not_exists(#day)',
    ExpressionAttributeNames: { '#day': 'day' },
  });
});

test('a record that is there already is well, and any other failure is thrown', async () => {
  mock.on(PutItemCommand).rejectsOnce(new ConditionalCheckFailedException({ message: 'there', $metadata: {} }));
  await trail.record(act);
  mock.on(PutItemCommand).rejects(new Error('DynamoDB is down'));
  await expect(trail.record(act)).rejects.toThrow('DynamoDB is down');
});
