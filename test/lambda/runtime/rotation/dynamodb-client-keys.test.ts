import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbClientKeys } from '../../../../lambda/runtime/rotation/dynamodb-client-keys';
import { ClientsTable } from '../../../../lib/contract/tables';
import { DynamoDbDouble } from '../../doubles/dynamodb';

const TABLE = 'clients';
const CLIENT = 'abcdefgh12345678';
const first = { hash: 'h1', createdAt: 't1' };
const second = { hash: 'h2', createdAt: 't2' };

const makeKeys = () => {
  const double = new DynamoDbDouble({ [TABLE]: [ClientsTable.PARTITION_KEY] }, async (_name, work) => work());
  const row = { clientId: CLIENT, status: 'active', keys: [first] };
  return { double, row, keys: new DynamoDbClientKeys(new DynamoDBClient({ region: 'eu-central-1' }), TABLE) };
};

test('exchanges the keys of a client, and nothing else, where they are those that were read', async () => {
  const { double, row, keys } = makeKeys();
  double.put(TABLE, row);
  expect(await keys.read(CLIENT)).toEqual([first]);
  expect(await keys.exchange(CLIENT, [first], [first, second])).toBe(true);
  expect(await keys.exchange(CLIENT, [first], [second])).toBe(false);
  expect(double.row(TABLE, CLIENT)).toEqual({ ...row, keys: [first, second] });
});

test('a client that does not exist has no keys, and gets none', async () => {
  const { double, keys } = makeKeys();
  expect(await keys.read(CLIENT)).toBeUndefined();
  expect(await keys.exchange(CLIENT, [], [first])).toBe(false);
  expect(double.row(TABLE, CLIENT)).toBeUndefined();
});
