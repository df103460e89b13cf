import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  GetApiKeysCommand,
} from '@aws-sdk/client-api-gateway';
import { DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { createClient, drawClientId, revokeClient } from '../../cli/clients';
import { CommandFailure } from '../../cli/failure';
import { hashClientKey, parseClientKey } from '../../lib/contract/client-keys';
import { access, deployment } from './doubles/deployment';

const gateway = mockClient(APIGatewayClient);
const tables = mockClient(DynamoDBDocumentClient);

beforeEach(() => {
  gateway.reset();
  tables.reset();
  gateway.onAnyCommand().resolves({});
  gateway.on(CreateApiKeyCommand).resolves({ id: 'key1' });
});

test('makes the usage key, puts it in the plan, and writes the row last', async () => {
  const created = await createClient(deployment, access, 'Acme');
  expect(parseClientKey(created.key)).toEqual({ environment: 'dev', clientId: created.clientId });

  const usageKey = gateway.commandCalls(CreateApiKeyCommand)[0]?.args[0].input;
  expect(usageKey).toEqual({
    name: `bulwark-dev-${created.clientId}`,
    value: expect.stringMatching(/^[0-9a-f]{48}$/),
    enabled: true,
  });
  expect(gateway.commandCalls(CreateUsagePlanKeyCommand)[0]?.args[0].input).toEqual({
    usagePlanId: 'plan1',
    keyId: 'key1',
    keyType: 'API_KEY',
  });
  expect(tables.commandCalls(PutCommand)[0]?.args[0].input).toMatchObject({
    TableName: 'clients',
    Item: {
      clientId: created.clientId,
      name: 'Acme',
      status: 'active',
      usageIdentifierKey: usageKey?.value,
      keys: [{ hash: hashClientKey(created.key), createdAt: expect.any(String) }],
    },
    ConditionExpression: 'attribute_not_exists(#id)',
  });
});

test('the key itself is stored nowhere', async () => {
  const { key } = await createClient(deployment, access, 'Acme');
  const sent = [...gateway.calls(), ...tables.calls()].map(({ args }) => JSON.stringify(args[0].input));
  expect(sent.filter((input) => input.includes(key))).toEqual([]);
});

test.each<[string, () => void]>([
  ['the plan', () => gateway.on(CreateUsagePlanKeyCommand).rejects(new Error('plan'))],
  ['the row', () => tables.on(PutCommand).rejects(new Error('row'))],
])('takes the usage key back when %s fails', async (what, fail) => {
  fail();
  await expect(createClient(deployment, access, 'Acme')).rejects.toThrow(what.replace('the ', ''));
  expect(gateway.commandCalls(DeleteApiKeyCommand)[0]?.args[0].input).toEqual({ apiKey: 'key1' });
});

test('revokes the row first, then deletes the usage key of exactly this client', async () => {
  const clientId = 'a'.repeat(16);
  gateway.on(GetApiKeysCommand).resolves({
    items: [
      { id: 'mine', name: `bulwark-dev-${clientId}` },
      { id: 'other', name: `bulwark-dev-${clientId}x` },
    ],
  });
  await revokeClient(deployment, access, clientId);
  expect(tables.commandCalls(UpdateCommand)[0]?.args[0].input).toMatchObject({
    Key: { clientId },
    ConditionExpression: 'attribute_exists(#id)',
    ExpressionAttributeValues: { ':revoked': 'revoked' },
  });
  const deleted = gateway.commandCalls(DeleteApiKeyCommand).map(({ args }) => args[0].input.apiKey);
  expect(deleted).toEqual(['mine']);
});

test('to revoke an unknown client is one clear failure', async () => {
  tables.on(UpdateCommand).rejects(Object.assign(new Error('x'), { name: 'ConditionalCheckFailedException' }));
  await expect(revokeClient(deployment, access, 'b'.repeat(16))).rejects.toThrow(
    new CommandFailure('there is no client bbbbbbbbbbbbbbbb in dev'),
  );
});

test('draws client ids of the right shape, each letter as likely as the other', () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, index) => 240 + index);
  // 252 to 255 are drawn again, or the first four letters would come more often.
  expect(drawClientId(() => bytes)).toBe('yz0123456789yz01');
  expect(new Set(Array.from({ length: 100 }, () => drawClientId())).size).toBe(100);
});
