import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DecryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { isInfrastructureFault } from '../../../lambda/process-job/infrastructure-fault';
import { type LocalServer, startLocalServer } from '../doubles/local-server';

const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };
let server: LocalServer;
beforeEach(async () => {
  server = await startLocalServer();
});
afterEach(() => server.close());

const clientOptions = () => ({ endpoint: server.url, region: 'eu-central-1', credentials, maxAttempts: 1 });

describe.each<[string, () => Promise<unknown>]>([
  [
    'KMS',
    () => new KMSClient(clientOptions()).send(new DecryptCommand({ KeyId: 'key', CiphertextBlob: new Uint8Array(8) })),
  ],
  [
    'DynamoDB',
    () =>
      new DynamoDBClient(clientOptions()).send(new GetItemCommand({ TableName: 'jobs', Key: { jobId: { S: 'x' } } })),
  ],
])('%s', (_, send) => {
  const errorOf = () =>
    send().then(
      () => 'none',
      (error: unknown) => error,
    );
  const answer = (status: number, body: string, contentType: string) =>
    server.behave((response) => response.writeHead(status, { 'content-type': contentType }).end(body));

  test.each([500, 502, 503, 504])('that answers %i with a page instead of a document has failed', async (status) => {
    answer(status, '<html><body>Service Unavailable</body></html>', 'text/html');
    const error = await errorOf();
    expect(error).toMatchObject({ $metadata: { httpStatusCode: status } });
    expect(isInfrastructureFault(error)).toBe(true);
  });

  test('that answers with half of a document has failed', async () => {
    answer(200, '{"Item":', 'application/x-amz-json-1.0');
    expect(isInfrastructureFault(await errorOf())).toBe(true);
  });

  test('that refuses what it was sent has not', async () => {
    answer(400, '{"__type":"ValidationException","message":"x"}', 'application/x-amz-json-1.0');
    expect(isInfrastructureFault(await errorOf())).toBe(false);
  });
});

test.each([RangeError, SyntaxError, TypeError])('a %p without an answer of AWS is a fault of the code', (Fault) => {
  expect(isInfrastructureFault(new Fault('x'))).toBe(false);
  expect(isInfrastructureFault(Object.assign(new Fault('x'), { $metadata: {} }))).toBe(true);
});
