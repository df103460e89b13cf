import '../../doubles/environment';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { awsClientOptions } from '../../../../lambda/runtime/aws-clients/client-options';
import { DynamoDbClientStore } from '../../../../lambda/runtime/clients/dynamodb-client-store';
import { DynamoDbJobStore } from '../../../../lambda/runtime/jobs/dynamodb-job-store';
import { startLocalServer } from '../../doubles/local-server';

const readers: [string, (client: DynamoDBClient) => Promise<unknown>][] = [
  ['a job’s state', (client) => new DynamoDbJobStore(client, 'jobs').readState('job_1')],
  ['a job’s result', (client) => new DynamoDbJobStore(client, 'jobs').readResult('job_1')],
  ['a client', (client) => new DynamoDbClientStore(client, 'clients').read('abcdefgh12345678')],
];

test.each(readers)('%s is read as of the last write', async (_, read) => {
  const mock = mockClient(DynamoDBClient);
  mock.on(GetItemCommand).resolves({});
  await read(new DynamoDBClient({}));
  expect(mock.commandCalls(GetItemCommand)[0]?.args[0].input).toMatchObject({ ConsistentRead: true });
  mock.restore();
});

test('a call that AWS does not answer ends as an error, within the client’s own time', async () => {
  const server = await startLocalServer();
  server.behave(() => undefined);
  const client = new DynamoDBClient({
    ...awsClientOptions,
    requestHandler: { ...awsClientOptions.requestHandler, requestTimeout: 50 },
    maxAttempts: 1,
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  await expect(client.send(new GetItemCommand({ TableName: 't', Key: {} }))).rejects.toThrow(/timeout|timed out/i);
  expect(awsClientOptions.requestHandler).toEqual({
    connectionTimeout: 1_000,
    requestTimeout: 4_000,
    throwOnRequestTimeout: true,
  });
  client.destroy();
  await server.close();
});
