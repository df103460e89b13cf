import '../doubles/environment';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbSpendWarnings } from '../../../lambda/control-spend/dynamodb-spend-warnings';
import { Cloud } from '../doubles/cloud';
import { CONTROL_TABLE } from '../doubles/environment';

const resetsAt = Date.parse('2026-11-23T00:00:00Z');
const warning = { window: '2026-11-22', cap: 50, level: 50, resetsAt };

test('each level of a window’s cap is claimed once, none below one that was, and the row ends after its window', async () => {
  const cloud = new Cloud();
  const warnings = new DynamoDbSpendWarnings(new DynamoDBClient({}), CONTROL_TABLE);
  const claims: boolean[] = [];
  for (const level of [50, 50, 95, 80, 95]) claims.push(await warnings.claim({ ...warning, level }));
  expect(claims).toEqual([true, false, true, false, false]);
  expect(cloud.dynamodb.row(CONTROL_TABLE, 'spend-warning#2026-11-22#50')).toMatchObject({
    warned: 95,
    expiresAt: resetsAt / 1_000 + 86_400,
  });
  expect(await warnings.claim({ ...warning, cap: 60 })).toBe(true);
  expect(await warnings.claim({ ...warning, window: '2026-11' })).toBe(true);
});

test('a table that fails is an error, and not a warning that somebody else gave', async () => {
  const cloud = new Cloud();
  cloud.dynamodb.beforeUpdate = () => {
    throw new Error('DynamoDB is down');
  };
  const warnings = new DynamoDbSpendWarnings(new DynamoDBClient({}), CONTROL_TABLE);
  await expect(warnings.claim(warning)).rejects.toThrow('DynamoDB is down');
});
