import { randomBytes } from 'node:crypto';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { CloudDouble } from '../doubles/cloud';

const KEY = `key-${randomBytes(12).toString('hex')}`;

let cloud: CloudDouble;
beforeEach(() => {
  cloud = new CloudDouble();
  cloud.secrets.version('v1', ['AWSCURRENT'], { value: JSON.stringify({ apiKey: KEY, keyId: 'apikey_1' }) });
});

const exec = (...args: string[]) => cloud.bulwark('secrets', 'exec', ...args);

test('runs the program with the key in its environment, beside what is there', async () => {
  expect(await exec('--', 'npm', 'run', 'dev', '--', '--port', '1')).toEqual({ code: 0, printed: [], errors: [] });
  expect(cloud.programs).toEqual([
    { file: 'npm', args: ['run', 'dev', '--', '--port', '1'], env: { ...process.env, ANTHROPIC_API_KEY: KEY } },
  ]);
  expect(process.env.ANTHROPIC_API_KEY).toBeUndefined();
});

test('--as names the variable', async () => {
  await exec('--as', 'OPENAI_API_KEY', '--', 'node', 'a.mjs');
  expect(cloud.programs[0]?.env.OPENAI_API_KEY).toBe(KEY);
});

test.each([1, 3, 143])("the program's exit code %i is the command's, and nothing is printed", async (programCode) => {
  cloud.programCode = programCode;
  expect(await exec('--', 'false')).toEqual({ code: programCode, printed: [], errors: [] });
});

test('where no key is stored there is none to give', async () => {
  cloud.hasSecret = false;
  const { code, errors } = await exec('--', 'npm', 'run', 'dev');
  expect(code).toBe(1);
  expect(errors).toEqual([
    'bulwark: dev stores no key that a program could get: the provider gives short-lived tokens to the roles of its functions alone; see docs/development.md',
  ]);
  expect(cloud.programs).toEqual([]);
});

test.each([
  [['printenv']],
  [['/usr/bin/printenv', 'ANTHROPIC_API_KEY']],
  [['env']],
  [['/usr/bin/env', '-0', 'A=b']],
  [['set']],
])('%j would print the key, and is refused', async (program) => {
  const { code, errors } = await exec('--', ...program);
  expect([code, errors[0], cloud.programs]).toEqual([
    1,
    expect.stringMatching(/^bulwark: `.+` would print the key$/),
    [],
  ]);
  expect(cloud.secrets.mock.commandCalls(GetSecretValueCommand)).toEqual([]);
});

test('`env` that runs a program is a program as any other', async () => {
  expect((await exec('--', 'env', 'A=b', 'node', 'a.mjs')).code).toBe(0);
});

test.each(['staging', 'prod'])('the keys of %s never leave AWS', async (environment) => {
  cloud.environment = environment;
  expect((await exec('--', 'npm', 'test')).errors).toEqual([
    `bulwark: the keys of ${environment} are not for a process outside AWS: use dev or local`,
  ]);
  expect(cloud.secrets.mock.commandCalls(GetSecretValueCommand)).toEqual([]);
});

test.each([
  [[], 'a program is needed, as in `secrets exec --env dev -- npm run dev`'],
  [['--'], 'a program is needed, as in `secrets exec --env dev -- npm run dev`'],
  [['--as', 'A B', '--', 'x'], '`--as` must be the name of an environment variable'],
])('%j is wrong usage', async (args, message) => {
  expect(await exec(...args)).toMatchObject({ code: 2, errors: [`bulwark: ${message} (--help lists the commands)`] });
});

test('whoever may not read the secret is told why', async () => {
  cloud.secrets.mock
    .on(GetSecretValueCommand)
    .rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
  expect(await exec('--', 'npm', 'test')).toMatchObject({
    code: 1,
    errors: ["bulwark: the secret's policy does not let you read it: your role must be one of its readers"],
  });
});

test.each(['{}', '{"apiKey":""}', '{"apiKey":7}', KEY, 'null'])(
  'a value without a key is said, not shown',
  async (value) => {
    cloud.secrets.mock.on(GetSecretValueCommand).resolves({ SecretString: value });
    expect(await exec('--', 'npm', 'test')).toMatchObject({
      code: 1,
      errors: ['bulwark: the upstream secret holds no key'],
    });
  },
);
