import type { ClientSettings } from '../../bin/client-plans';
import { ENVIRONMENT_NAMES, ENVIRONMENTS, EnvironmentError, readEnvironment } from '../../bin/environments';
import { type ClientPlanProps, UsageKeys } from '../../lib';

const read = (context: Record<string, string>) => readEnvironment((key) => context[key]);

test.each(ENVIRONMENT_NAMES)('knows %s', (name) => {
  expect(read({ env: name })).toMatchObject({ name, account: expect.stringMatching(/^\d{12}$/) });
});

test('gives each environment an account of its own', () => {
  const accounts = ENVIRONMENT_NAMES.map((env) => read({ env }).account);

  expect(new Set(accounts).size).toBe(ENVIRONMENT_NAMES.length);
});

test('protects the data of prod, and of prod alone', () => {
  expect(ENVIRONMENT_NAMES.filter((env) => read({ env }).protectData)).toEqual(['prod']);
});

test.each(ENVIRONMENT_NAMES)('puts a web ACL before the API of %s, which only local and dev may do without', (env) => {
  const without = (webAcl: boolean) =>
    readEnvironment((key) => (key === 'env' ? env : undefined), {
      ...ENVIRONMENTS,
      [env]: { ...ENVIRONMENTS[env], webAcl },
    });
  expect(read({ env }).webAcl).toBe(true);
  if (env === 'local' || env === 'dev') expect(without(false).webAcl).toBe(false);
  else
    expect(() => without(false)).toThrow(`environment ${env}: \`webAcl\` must be true in staging and prod, got: false`);
});

test('takes account, region and upstream from the command line', () => {
  const changes = { account: '123456789012', region: 'us-gov-west-1', upstreamUrl: 'https://llm.example.com/proxy' };

  expect(read({ env: 'prod', ...changes })).toMatchObject({ name: 'prod', ...changes });
});

test.each([
  [{}, 'say which environment with `-c env=`: local, dev, staging, prod; got: none'],
  [{ env: 'production' }, 'say which environment with `-c env=`: local, dev, staging, prod; got: production'],
  [{ env: 'toString' }, 'say which environment with `-c env=`: local, dev, staging, prod; got: toString'],
  [{ env: 'dev', account: '12345678901' }, 'environment dev: `account` must be 12 digits, got: 12345678901'],
  [{ env: 'dev', account: '1234567890123' }, 'environment dev: `account` must be 12 digits, got: 1234567890123'],
  [{ env: 'dev', region: 'Seoul' }, 'environment dev: `region` must be like `eu-west-1`, got: Seoul'],
  [
    { env: 'dev', upstreamUrl: 'http://llm.example.com' },
    'environment dev: `upstreamUrl` must be an absolute https URL without a trailing slash, got: http://llm.example.com',
  ],
  [
    { env: 'local', upstreamUrl: 'ftp://127.0.0.1' },
    'environment local: `upstreamUrl` must be an absolute http or https URL without a trailing slash, got: ftp://127.0.0.1',
  ],
  [
    { env: 'dev', upstreamUrl: 'https://llm.example.com/' },
    'environment dev: `upstreamUrl` must be an absolute https URL without a trailing slash, got: https://llm.example.com/',
  ],
  [
    { env: 'dev', upstreamAdminUrl: 'http://admin.example.com' },
    'environment dev: `upstreamAdminUrl` must be an absolute https URL without a trailing slash, got: http://admin.example.com',
  ],
  ...[
    'on-call',
    'arn:aws:sns:eu-west-1:111122223333:on-call',
    'arn:aws:sns:ap-northeast-2:444455556666:on-call',
    'arn:aws:sqs:ap-northeast-2:111122223333:on-call',
    'arn:aws:sns:ap-northeast-2:111122223333:on-call.fifo',
  ].map((alarmTopicArn): [Record<string, string>, string] => [
    { env: 'dev', alarmTopicArn },
    `environment dev: \`alarmTopicArn\` must be the ARN of a standard topic in ap-northeast-2 of account 111122223333, got: ${alarmTopicArn}`,
  ]),
  [
    { env: 'dev', upstreamCredential: 'vault' },
    'environment dev: `upstreamCredential` must be one of keyPool, static, federated, got: vault',
  ],
  [
    { env: 'dev', upstreamCredential: 'federated' },
    'environment dev: `federation` must be given where `upstreamCredential` is federated, got: none',
  ],
  [
    { env: 'prod', account: 'x', region: 'y', upstreamUrl: 'z' },
    'environment prod: `account` must be 12 digits, got: x; `region` must be like `eu-west-1`, got: y; `upstreamUrl` must be an absolute https URL without a trailing slash, got: z',
  ],
])('refuses %j', (context, message) => {
  expect(() => read(context)).toThrow(new EnvironmentError(message));
});

test.each(['http://127.0.0.1:4700', 'https://llm.example.com'])('lets the local environment call %s', (upstreamUrl) => {
  expect(read({ env: 'local', upstreamUrl }).upstreamUrl).toBe(upstreamUrl);
});

test.each([
  ['processTimeoutSeconds', 10, 9, 'must be an integer between 10 and 870'],
  ['processTimeoutSeconds', 870, 871, 'must be an integer between 10 and 870'],
  ['processConcurrency', 2, 1, 'must be an integer between 2 and 1000'],
  ['processConcurrency', 1000, 1001, 'must be an integer between 2 and 1000'],
  ['secretCacheSeconds', 1, 0, 'must be an integer between 1 and 3600'],
  ['secretCacheSeconds', 3600, 3601, 'must be an integer between 1 and 3600'],
  [
    'keyGraceSeconds',
    600,
    599,
    'must be an integer between `secretCacheSeconds` and `processTimeoutSeconds` together, 600, and 31536000',
  ],
  ['logRetentionDays', 30, 15, 'must be a retention that CloudWatch Logs knows'],
])('judges %s on both sides of its bound: %d and %d', (key, good, bad, rule) => {
  const readWith = (value: number) =>
    readEnvironment((name) => (name === 'env' ? 'dev' : undefined), {
      ...ENVIRONMENTS,
      dev: { ...ENVIRONMENTS.dev, [key]: value },
    });

  expect(readWith(good)).toMatchObject({ [key]: good });
  expect(() => readWith(bad)).toThrow(`environment dev: \`${key}\` ${rule}`);
  expect(() => readWith(bad)).toThrow(`got: ${bad}`);
});

describe('the settings of clients', () => {
  const readWith = (changes: Partial<ClientSettings>) =>
    readEnvironment((name) => (name === 'env' ? 'dev' : undefined), {
      ...ENVIRONMENTS,
      dev: { ...ENVIRONMENTS.dev, ...changes },
    });
  const [standard, trial] = ENVIRONMENTS.dev.plans as [ClientPlanProps, ClientPlanProps];

  test.each(ENVIRONMENT_NAMES)('%s has a plan for everybody and one to try', (env) => {
    expect(read({ env }).plans.map(({ name }) => name)).toEqual(['standard', 'trial']);
  });

  test('everywhere but locally every plan has caps on spending', () => {
    const bounded = ENVIRONMENT_NAMES.filter((env) => env !== 'local').flatMap((env) => [...read({ env }).plans]);
    expect(bounded).toHaveLength(6);
    for (const { spendPerJob, spendPerDay, spendPerMonth } of bounded) {
      expect([spendPerJob, spendPerDay, spendPerMonth]).not.toContain(undefined);
    }
  });

  test('locally a drill may submit hundreds of jobs at once', () => {
    expect(read({ env: 'local' }).plans[0]).toMatchObject({ requestsPerSecond: 1_000, burst: 5_000 });
    expect(read({ env: 'local' }).plans[0]).not.toHaveProperty('requestsPerDay');
  });

  test('takes both kinds of usage keys, and no cache or an hour of it', () => {
    expect(readWith({ usageKeys: UsageKeys.PLAN, authorizerCacheSeconds: 0 }).usageKeys).toBe('plan');
    expect(readWith({ authorizerCacheSeconds: 3_600 }).authorizerCacheSeconds).toBe(3_600);
  });

  test.each<[Partial<ClientSettings>, string]>([
    [{ plans: [trial] }, '`plans` must have one that is named standard, got: trial'],
    [{ plans: [] }, '`plans` must have one that is named standard, got: none'],
    [{ plans: [standard, trial, trial] }, '`plans` must have different names, got: standard, trial, trial'],
    [
      { plans: [standard, ...Array.from({ length: 10 }, (_, n) => ({ ...trial, name: `trial-${n}` }))] },
      '`plans` must be at most 10, got: 11',
    ],
    [
      { plans: [standard, { ...trial, models: Array.from({ length: 30 }, (_, n) => `${n}`.padEnd(100, 'm')) }] },
      '`plans` must be at most 3072 bytes as JSON, got: 3384',
    ],
    [{ usageKeys: 'tier' as UsageKeys }, '`usageKeys` must be one of client, plan, got: tier'],
    [{ authorizerCacheSeconds: 3_601 }, '`authorizerCacheSeconds` must be an integer between 0 and 3600, got: 3601'],
    [{ authorizerCacheSeconds: -1 }, '`authorizerCacheSeconds` must be an integer between 0 and 3600, got: -1'],
    [
      {
        plans: [
          { ...standard, burst: 0, spendPerDay: '1' },
          { ...trial, requestsPerSecond: 0 },
        ],
        authorizerCacheSeconds: 0.5,
      },
      '`plans` has standard, whose `burst` must be an integer between 1 and 5000, got: 0; `plans` has standard, whose `spendPerDay` must be at least `spendPerJob`, got: 1; `plans` has trial, whose `requestsPerSecond` must be an integer between 1 and 10000, got: 0; `authorizerCacheSeconds` must be an integer between 0 and 3600, got: 0.5',
    ],
  ])('refuses %j', (changes, problems) => {
    expect(() => readWith(changes)).toThrow(new EnvironmentError(`environment dev: ${problems}`));
  });
});
