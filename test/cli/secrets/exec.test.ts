import { randomBytes } from 'node:crypto';
import { DescribeSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { CloudDouble } from '../doubles/cloud';

const KEY = `key-${randomBytes(12).toString('hex')}`;

let cloud: CloudDouble;
beforeEach(() => {
  cloud = new CloudDouble();
  cloud.secrets.version('v1', ['AWSCURRENT'], { value: JSON.stringify({ apiKey: KEY, keyId: 'apikey_1' }) });
  cloud.secrets.nextRotationMs = Date.parse('2026-12-01T03:00:00Z');
  const urls = { adminUrl: 'https://a.example', upstreamUrl: 'https://u.example' };
  cloud.rotateBy('key-pool', { adminSecret: 'admin', poolSecret: 'pool', ...urls });
});
afterEach(() => {
  delete process.env.ANTHROPIC_AUTH_TOKEN;
});

const WARNING =
  'bulwark: warning: ANTHROPIC_API_KEY has the key of dev itself, which is not short-lived: it works until 1d 0h after its next rotation, which is due 2026-12-01T03:00:00.000Z, whether the program runs or not';

const exec = (...args: string[]) => cloud.bulwark('secrets', 'exec', ...args);

test('runs the program with the key in its environment, beside what is there, and warns that it lives on', async () => {
  expect(await exec('--', 'npm', 'run', 'dev', '--', '--port', '1')).toEqual({
    code: 0,
    printed: [],
    errors: [WARNING],
  });
  expect(cloud.programs).toEqual([
    { file: 'npm', args: ['run', 'dev', '--', '--port', '1'], env: { ...process.env, ANTHROPIC_API_KEY: KEY } },
  ]);
  expect(process.env.ANTHROPIC_API_KEY).toBeUndefined();
});

test('--as names the variable', async () => {
  await exec('--as', 'OPENAI_API_KEY', '--', 'node', 'a.mjs');
  expect(cloud.programs[0]?.env.OPENAI_API_KEY).toBe(KEY);
});

test('a token that is left over is not in the environment of the program', async () => {
  process.env.ANTHROPIC_AUTH_TOKEN = 'left over';
  const { errors } = await exec('--', 'npm', 'test');
  expect(errors).toEqual([
    WARNING,
    'bulwark: ANTHROPIC_AUTH_TOKEN, which was set already, is not in the environment of the program',
  ]);
  expect(cloud.programs[0]?.env).not.toHaveProperty('ANTHROPIC_AUTH_TOKEN');
});

test('a static key lives until somebody ends it, and the warning says so', async () => {
  cloud.rotates = false;
  expect((await exec('--', 'npm', 'test')).errors).toEqual([
    'bulwark: warning: ANTHROPIC_API_KEY has the key of dev itself, which is not short-lived: it works until somebody ends it at the provider, whether the program runs or not',
  ]);
});

test('whoever may read the key and not look at its schedule is warned all the same', async () => {
  cloud.secrets.mock.on(DescribeSecretCommand).rejects(new Error('AccessDenied'));
  const { code, errors } = await exec('--', 'npm', 'test');
  expect([code, errors]).toEqual([0, [WARNING.replace(', which is due 2026-12-01T03:00:00.000Z', '')]]);
});

test.each([true, false])('a time that the key would not keep is refused, where it rotates: %s', async (rotates) => {
  cloud.rotates = rotates;
  expect(await exec('--ttl', '15m', '--', 'npm', 'test')).toEqual({
    code: 1,
    printed: [],
    errors: [
      'bulwark: `--ttl` cannot be kept here: dev has a stored key, and its provider makes none by API; leave it away',
    ],
  });
  expect(cloud.secrets.mock.commandCalls(GetSecretValueCommand)).toEqual([]);
});

test('a rotator of another version is one clear failure', async () => {
  cloud.rotateBy('roulette', {});
  expect(await exec('--', 'npm', 'test')).toMatchObject({
    code: 1,
    errors: ['bulwark: rotate-secret is of another version: deploy this one first'],
  });
});

test.each([1, 3, 143])("the program's exit code %i is the command's", async (programCode) => {
  cloud.programCode = programCode;
  expect(await exec('--', 'false')).toEqual({ code: programCode, printed: [], errors: [WARNING] });
});

test('where no key is stored, and no federation named, there is none to give', async () => {
  cloud.hasSecret = false;
  const { code, errors } = await exec('--', 'npm', 'run', 'dev');
  expect(code).toBe(1);
  expect(errors).toEqual([
    'bulwark: dev stores no key, and does not say how to get a token: deploy this version first',
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
    expect.stringMatching(/^bulwark: `.+` would print the key: name the program that needs it$/),
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
  [[], 'a program is needed after `--`, as in `secrets exec --env dev -- npm run dev`'],
  [['--'], 'a program is needed after `--`, as in `secrets exec --env dev -- npm run dev`'],
  [['--ttl', '13h', '--', 'x'], '`--ttl` must be from 1m to 12h, got: 13h'],
  [['--ttl', '721m', '--', 'x'], '`--ttl` must be from 1m to 12h, got: 721m'],
  [['--ttl', '0m', '--', 'x'], '`--ttl` must be like 30d, 12h or 90m, got: 0m'],
  [['--ttl', 'soon', '--', 'x'], '`--ttl` must be like 30d, 12h or 90m, got: soon'],
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
    errors: [
      'bulwark: you may not read the key of dev: your role must be among its `secretReaders`, and its own policy must allow it; or have a token instead: see docs/development.md',
    ],
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
