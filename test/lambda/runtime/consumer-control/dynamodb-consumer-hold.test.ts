import '../../doubles/environment';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { HoldChangedError } from '../../../../lambda/runtime/consumer-control/consumer-hold';
import { DynamoDbConsumerHold } from '../../../../lambda/runtime/consumer-control/dynamodb-consumer-hold';
import { Cloud } from '../../doubles/cloud';
import { CONTROL_TABLE } from '../../doubles/environment';
import { holdRow } from '../../doubles/hold-row';

let cloud: Cloud;
let hold: DynamoDbConsumerHold;
beforeEach(() => {
  cloud = new Cloud();
  hold = new DynamoDbConsumerHold(new DynamoDBClient({}), CONTROL_TABLE);
});

const first = holdRow({ throttles: { plan1: { rateLimit: 10.5, burstLimit: 20 }, plan2: null } });

test('is not there at first, and is read as it was written', async () => {
  expect(await hold.read()).toBeUndefined();
  await hold.replace(undefined, { ...first, auditedAt: undefined } as never);
  expect(await hold.read()).toEqual(first);
});

test('of two that have seen the same, one writes', async () => {
  await hold.replace(undefined, first);
  await expect(hold.replace(undefined, holdRow({ by: 'other' }))).rejects.toThrow(HoldChangedError);
  const second = { ...first, revision: 2 };
  await hold.replace(first, second);
  await expect(hold.replace(first, { ...first, revision: 2, by: 'other' })).rejects.toMatchObject({
    name: 'HoldChangedError',
    cause: expect.objectContaining({ name: 'ConditionalCheckFailedException' }),
  });
  expect(await hold.read()).toEqual(second);
});

test('any other failure is thrown as it is', async () => {
  cloud.crash({ atStep: 1, when: 'before' });
  await expect(hold.replace(undefined, first)).rejects.toMatchObject({ name: 'ProcessDied' });
});
