import { ENVIRONMENT_NAMES, ENVIRONMENTS, EnvironmentError, readEnvironment } from '../../bin/environments';

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
