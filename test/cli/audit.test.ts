import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { CloudDouble } from './doubles/cloud';
import { deployment } from './doubles/deployment';

let cloud: CloudDouble;
beforeEach(() => {
  cloud = new CloudDouble();
  delete process.env.AWS_ENDPOINT_URL;
});
afterEach(() => {
  delete process.env.AWS_ENDPOINT_URL;
});

const open = (...more: string[]) => cloud.bulwark('breaker', 'open', '--reason', 'drill', ...more);

test('records are appended and never overwritten, each under a sort key of its own', async () => {
  await open();
  const puts = cloud.tables
    .commandCalls(PutCommand)
    .map(({ args }) => args[0].input)
    .filter(({ TableName }) => TableName === deployment.auditTable);
  expect(puts).toHaveLength(2);
  for (const { ConditionExpression, ExpressionAttributeNames } of puts) {
    expect({ ConditionExpression, ExpressionAttributeNames }).toEqual({
      ConditionExpression: 'attribute_not_exists(#day)',
      ExpressionAttributeNames: { '#day': 'day' },
    });
  }
  const [begun, ended] = cloud.audit;
  expect(begun?.act).toMatch(/^[0-9a-f]{16}$/);
  expect(ended?.act).toBe(begun?.act);
  expect(ended?.at).not.toBe(begun?.at);
});

test('without its first record nothing is done', async () => {
  cloud.tables.on(PutCommand, { TableName: deployment.auditTable }).rejects(new Error('no rights'));
  expect(await open()).toEqual({
    code: 1,
    printed: [],
    errors: ['bulwark: nothing was done, for the audit could not be written: no rights'],
  });
  expect(cloud.breaker).toBeUndefined();
});

test('an act whose second record fails is told as what it is', async () => {
  cloud.tables.on(PutCommand, { TableName: deployment.auditTable }).resolvesOnce({}).rejects(new Error('throttled'));
  const { code, errors } = await open();
  expect(code).toBe(1);
  expect(errors).toEqual([
    expect.stringMatching(
      /^bulwark: open, epoch 1; but the audit of act [0-9a-f]{16} could not be completed: throttled$/,
    ),
  ]);
  expect(cloud.breaker?.status).toBe('open');
});

describe('where STS does not say who calls', () => {
  beforeEach(() => {
    cloud.sts.on(GetCallerIdentityCommand).rejects(new Error('expired token'));
  });

  test('nothing is done', async () => {
    expect((await open()).errors).toEqual([
      'bulwark: nothing was done, for STS does not say who you are: expired token',
    ]);
    expect([cloud.breaker, cloud.audit]).toEqual([undefined, []]);
  });

  test('against AWS by its own address, nothing is done either', async () => {
    expect((await open('--endpoint', 'https://dynamodb.eu-west-1.amazonaws.com')).code).toBe(1);
    expect(cloud.audit).toEqual([]);
  });

  test('against an emulator, the caller is `local`', async () => {
    await open('--endpoint', 'http://127.0.0.1:4566');
    expect(cloud.audit.map(({ who }) => who)).toEqual(['local', 'local']);
  });

  test('so it is by AWS_ENDPOINT_URL', async () => {
    process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:4566';
    await open();
    expect(cloud.audit.map(({ who }) => who)).toEqual(['local', 'local']);
  });
});

test('an emulator that answers no name is `local` too', async () => {
  cloud.sts.on(GetCallerIdentityCommand).resolves({});
  await open('--endpoint', 'http://127.0.0.1:4566');
  expect(cloud.audit[0]?.who).toBe('local');
});
