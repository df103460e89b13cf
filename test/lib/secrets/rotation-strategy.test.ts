import { App, Duration, Stack } from 'aws-cdk-lib';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { HostedRotation } from 'aws-cdk-lib/aws-secretsmanager';
import { GuardedSecret } from '../../../lib/secrets/guarded-secret';
import { RotationStrategy } from '../../../lib/secrets/rotation-strategy';

const stack = new Stack(new App(), 'vault');
const adminSecret = new GuardedSecret(stack, 'Admin');
const poolSecret = new GuardedSecret(stack, 'Pool');
const clientsTable = new TableV2(stack, 'Clients', { partitionKey: { name: 'clientId', type: AttributeType.STRING } });
const MAX_AGE = Duration.days(45);

/** What a strategy finds wrong with its options. */
const problemsOf = (strategy: RotationStrategy): string[] =>
  strategy._spec
    .rules(MAX_AGE)
    .filter(({ holds }) => !holds)
    .map(({ prop, rule, got }) => `\`${prop}\` ${rule}, got: ${got}`);

const random = (length?: number) => RotationStrategy.random(length === undefined ? {} : { length });

test('draws 48 letters and digits unless told otherwise', () => {
  expect(random()._spec.settings).toEqual({ length: 48 });
  expect(problemsOf(random())).toEqual([]);
});

test.each([
  [16, 15],
  [4096, 4097],
  [20, 20.5],
])('draws %d letters, and not %d', (good, bad) => {
  expect(problemsOf(random(good))).toEqual([]);
  expect(problemsOf(random(bad))).toEqual([`\`length\` must be an integer between 16 and 4096, got: ${bad}`]);
});

const openAi = (options: Partial<Parameters<typeof RotationStrategy.openAiAdmin>[0]> = {}) =>
  RotationStrategy.openAiAdmin({ adminSecret, projectId: 'proj_a', serviceAccountId: 'user-b', ...options });

test('makes keys at OpenAI that end by themselves where that is wanted', () => {
  expect(openAi()._spec).toMatchObject({
    name: 'openai-admin',
    settings: { projectId: 'proj_a', serviceAccountId: 'user-b', baseUrl: 'https://api.openai.com' },
    reads: [adminSecret],
  });
  expect(openAi()._spec.settings).not.toHaveProperty('expiresInSeconds');
  expect(openAi({ keyLifetime: Duration.days(60) })._spec.settings).toMatchObject({ expiresInSeconds: 60 * 86_400 });
});

test.each([
  [{ keyLifetime: Duration.days(46) }, { keyLifetime: Duration.days(45) }, 'keyLifetime'],
  [{ keyLifetime: Duration.days(365) }, { keyLifetime: Duration.days(366) }, 'keyLifetime'],
  [{ projectId: 'proj_1' }, { projectId: 'proj/1' }, 'projectId'],
  [{ serviceAccountId: 'sa-1' }, { serviceAccountId: '' }, 'serviceAccountId'],
  [{ baseUrl: 'https://proxy.example.com/openai' }, { baseUrl: 'https://proxy.example.com/' }, 'baseUrl'],
])('takes %j, and not %j', (good, bad, prop) => {
  expect(problemsOf(openAi(good))).toEqual([]);
  expect(problemsOf(openAi(bad))).toEqual([expect.stringMatching(`^\`${prop}\` must be `)]);
});

test('says for how long a key of OpenAI must live', () => {
  expect(problemsOf(openAi({ keyLifetime: Duration.days(45) }))).toEqual([
    '`keyLifetime` must be longer than `maxAge`, 45 days, and at most 365 days, got: 45 days',
  ]);
});

test('takes turns of keys at Anthropic unless told of another place', () => {
  const strategy = RotationStrategy.keyPool({ adminSecret, poolSecret });

  expect(strategy._spec).toMatchObject({
    name: 'key-pool',
    settings: { adminUrl: 'https://api.anthropic.com', upstreamUrl: 'https://api.anthropic.com' },
    reads: [adminSecret, poolSecret],
  });
  expect(problemsOf(strategy)).toEqual([]);
});

test('refuses addresses that are none', () => {
  const strategy = RotationStrategy.keyPool({
    adminSecret,
    poolSecret,
    adminUrl: 'api.example.com',
    upstreamUrl: 'https://x/',
  });

  expect(problemsOf(strategy)).toEqual([
    '`adminUrl` must be an absolute URL without a trailing slash, got: api.example.com',
    '`upstreamUrl` must be an absolute URL without a trailing slash, got: https://x/',
  ]);
});

test('refuses a client and an environment that cannot be', () => {
  const of = (clientId: string, environmentName: string) =>
    problemsOf(RotationStrategy.clientKey({ clientsTable, clientId, environmentName }));

  expect(of('ezwtx9j7yaenvkjy', 'dev')).toEqual([]);
  expect(of('a client', 'Dev')).toEqual([
    expect.stringMatching(/^`clientId` must .*, got: a client$/),
    '`environmentName` must be lower-case letters, got: Dev',
  ]);
});

test.each([
  ['f'.repeat(64), true],
  ['f'.repeat(65), false],
  ['', false],
  ['arn:aws:lambda', false],
])('judges the name of a hosted function: %s', (functionName, holds) => {
  const strategy = RotationStrategy.hosted({ rotation: HostedRotation.mysqlSingleUser(), functionName });

  expect(problemsOf(strategy)).toHaveLength(holds ? 0 : 1);
});
