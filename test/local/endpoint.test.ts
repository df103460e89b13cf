import { accessTo, apiUrlAt, environmentFor, isAws } from '../../local/endpoint';

test.each([
  ['http://127.0.0.1:4566', false],
  ['https://amazonaws.com.evil.example', false],
  ['https://cloudformation.eu-west-1.amazonaws.com', true],
  ['https://cloudformation.cn-north-1.amazonaws.com.cn', true],
])('%s is AWS: %s', (endpoint, expected) => {
  expect(isAws(endpoint)).toBe(expected);
});

test("nothing of the user's AWS settings reaches a child that talks to an emulator", () => {
  const env = environmentFor('http://127.0.0.1:4566', {
    PATH: '/bin',
    AWS_PROFILE: 'production',
    AWS_SESSION_TOKEN: 'token',
    AWS_SECRET_ACCESS_KEY: 'real',
    AWS_ENDPOINT_URL_S3: 'https://s3.example',
    CDK_DEFAULT_ACCOUNT: '111122223333',
    NODE_OPTIONS: '--inspect',
  });
  expect(env).toMatchObject({
    PATH: '/bin',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  });
  const leaked = ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL_S3', 'CDK_DEFAULT_ACCOUNT', 'NODE_OPTIONS'];
  expect(Object.keys(env).filter((name) => leaked.includes(name))).toEqual([]);
});

test("AWS itself is reached with the user's own settings", () => {
  const endpoint = 'https://cloudformation.eu-west-1.amazonaws.com';
  expect(accessTo(endpoint)).toEqual({ region: 'eu-west-1' });
  expect(environmentFor(endpoint, { AWS_PROFILE: 'dev' })).toMatchObject({
    AWS_PROFILE: 'dev',
    AWS_REGION: 'eu-west-1',
  });
});

test('an emulator serves the API on its own address, AWS on the one that it gave', () => {
  const deployment = {
    environment: 'local',
    apiUrl: 'https://abc.execute-api.eu-west-1.amazonaws.com/api',
    apiId: 'abc',
    clientPlans: {},
    usageKeys: 'client' as const,
    revocationSeconds: 5,
    jobsTable: 'jobs',
    clientsTable: 'clients',
    limitsTable: 'limits',
    queueUrl: 'queue',
    deadLetterQueueUrl: 'dead',
    upstreamSecret: 'secret',
    developerFederation: '',
    controlTable: 'control',
    auditTable: 'audit',
    consumerMappingId: 'mapping',
    rotation: {},
    spend: { clientCaps: {} },
  };
  expect(apiUrlAt('http://127.0.0.1:4566', deployment)).toBe('http://127.0.0.1:4566/restapis/abc/api/_user_request_');
  expect(apiUrlAt('https://x.amazonaws.com', deployment)).toBe(deployment.apiUrl);
});
