import { randomUUID } from 'node:crypto';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { HttpDouble } from '../../../local/doubles/http-double';
import { startOpenAiAdminDouble } from '../../../local/doubles/openai-admin';
import { CloudDouble, NOW } from '../doubles/cloud';

const adminKey = randomUUID();
let openAi: HttpDouble;
let cloud: CloudDouble;

beforeEach(async () => {
  openAi = await startOpenAiAdminDouble({ adminKey, projectId: 'proj_1', serviceAccountId: 'sa_1' });
  cloud = new CloudDouble();
  cloud.rotateBy('openai-admin', {
    adminSecret: 'admin-secret',
    projectId: 'proj_1',
    serviceAccountId: 'sa_1',
    baseUrl: openAi.url,
  });
  cloud.secrets.mock
    .on(GetSecretValueCommand, { SecretId: 'admin-secret' })
    .resolves({ SecretString: JSON.stringify({ apiKey: adminKey }) });
});
afterEach(() => openAi.stop());

const exec = (...args: string[]) => cloud.bulwark('secrets', 'exec', ...args);
const keyOf = (run = 0) => cloud.programs[run]?.env.OPENAI_API_KEY ?? '';
const fail = (fault: object) => fetch(`${openAi.url}/_double/fail`, { method: 'POST', body: JSON.stringify(fault) });

interface ListedKey {
  readonly name: string;
  readonly expires_at: number;
}

async function listed(): Promise<readonly ListedKey[]> {
  const response = await fetch(`${openAi.url}/v1/organization/projects/proj_1/api_keys`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  return ((await response.json()) as { data: ListedKey[] }).data;
}

const isAccepted = async (key: string): Promise<boolean> =>
  (await fetch(`${openAi.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status === 200;

test('makes a key for the program alone, which works until the program ends', async () => {
  let during: { accepted: boolean; keys: readonly ListedKey[] } | undefined;
  cloud.runProgram = async ({ env }) => {
    during = { accepted: await isAccepted(env.OPENAI_API_KEY ?? ''), keys: await listed() };
    return 0;
  };
  const begunAt = Date.now() / 1_000;
  const { code, printed, errors } = await exec('--', 'npm', 'run', 'dev');

  expect([code, printed]).toEqual([0, []]);
  expect(errors).toEqual([
    'bulwark: OPENAI_API_KEY has a key of your own, good until the program ends, or for 1h 0m, until 2026-11-22T13:00:00.000Z',
  ]);
  expect(during).toMatchObject({
    accepted: true,
    keys: [{ name: expect.stringMatching(/^bulwark-exec-[\da-f-]{36}$/) }],
  });
  const [key] = during?.keys ?? [];
  expect((key?.expires_at ?? 0) - begunAt).toBeGreaterThan(3_590);
  expect((key?.expires_at ?? 0) - begunAt).toBeLessThan(3_610);
  expect([await listed(), await isAccepted(keyOf())]).toEqual([[], false]);
});

test('--ttl says after which time the provider itself ends it', async () => {
  let expiresAt = 0;
  cloud.runProgram = async () => {
    expiresAt = (await listed())[0]?.expires_at ?? 0;
    return 0;
  };
  const { errors } = await exec('--ttl', '15m', '--', 'npm', 'test');
  expect(Math.round((expiresAt - Date.now() / 1_000) / 60)).toBe(15);
  expect(errors[0]).toContain(`for 15m 0s, until ${new Date(NOW + 900_000).toISOString()}`);
});

test('the Admin key is in no environment, and neither key in the audit', async () => {
  await exec('--', '/usr/bin/npm', 'run', 'dev', '--token', 'of somebody');

  expect(Object.values(cloud.programs[0]?.env ?? {})).not.toContain(adminKey);
  const [begun, ended] = cloud.audit;
  expect(begun).toMatchObject({
    what: 'secrets.exec',
    on: expect.stringMatching(/^bulwark-exec-/),
    reason: 'for npm',
    result: 'begun',
  });
  expect(ended).toMatchObject({ act: begun?.act, result: 'the program ended with 0, and the key was ended' });
  const written = JSON.stringify(cloud.audit);
  for (const secret of [adminKey, keyOf(), 'of somebody']) expect(written).not.toContain(secret);
});

test.each([3, 143])('a program that ends with %i leaves no key behind', async (programCode) => {
  cloud.programCode = programCode;
  expect((await exec('--', 'false')).code).toBe(programCode);
  expect(await listed()).toEqual([]);
});

test('neither does one that cannot be started', async () => {
  cloud.runProgram = async () => {
    throw new Error('ENOENT');
  };
  expect((await exec('--', 'no-such-program')).code).toBe(1);
  expect(await listed()).toEqual([]);
});

test('neither does one that was interrupted before it began', async () => {
  cloud.interruption.abort();
  expect(await exec('--', 'npm', 'test')).toMatchObject({
    code: 1,
    errors: [expect.any(String), 'bulwark: interrupted: the program was not run'],
  });
  expect([cloud.programs, await listed()]).toEqual([[], []]);
});

test('a key whose minting was not answered is ended all the same', async () => {
  await fail({ answer: 'lost', method: 'POST' });
  expect(await exec('--', 'npm', 'test')).toMatchObject({
    code: 1,
    errors: ['bulwark: the provider made no key (mint a key of OpenAI: reset (ECONNRESET)); try again in a moment'],
  });
  expect([cloud.programs, await listed()]).toEqual([[], []]);
});

test.each([
  [429, 'HTTP 429', 'try again in a moment'],
  [500, 'HTTP 500', 'try again in a moment'],
  ['garbage', 'the answer is not a JSON object', 'try again in a moment'],
  [401, 'HTTP 401', 'its Admin key is refused: `bulwark secrets put admin`'],
])('a provider that answers %s is one clear line', async (answer, fault, next) => {
  await fail({ answer, method: 'POST' });
  expect(await exec('--', 'npm', 'test')).toMatchObject({
    code: 1,
    errors: [`bulwark: the provider made no key (mint a key of OpenAI: ${fault}); ${next}`],
  });
  expect(cloud.programs).toEqual([]);
});

test('a key that cannot be ended is named, with when it ends by itself', async () => {
  cloud.runProgram = async () => {
    await fail({ answer: 500, method: 'DELETE' });
    return 4;
  };
  const { code, errors } = await exec('--', 'npm', 'test');
  expect(code).toBe(4);
  expect(errors[1]).toMatch(
    /^bulwark: the key bulwark-exec-\S+ could not be ended \(delete a key of OpenAI: HTTP 500\): it ends by itself, at 2026-11-22T13:00:00\.000Z$/,
  );
  expect(cloud.audit[1]?.result).toContain('could not be ended');
});

test('whoever may not read the Admin key is told why, and nothing is made', async () => {
  cloud.secrets.mock
    .on(GetSecretValueCommand, { SecretId: 'admin-secret' })
    .rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
  expect((await exec('--', 'npm', 'test')).errors).toEqual([
    'bulwark: you may not read the Admin key of dev, by which a key would be made for the program: its secret must grant your role to read it (`grantRead`); see docs/development.md',
  ]);
  expect(cloud.audit).toEqual([]);
});

test('an Admin secret without a key is said, not shown', async () => {
  cloud.secrets.mock
    .on(GetSecretValueCommand, { SecretId: 'admin-secret' })
    .resolves({ SecretString: '{"placeholder":"of CloudFormation"}' });
  expect((await exec('--', 'npm', 'test')).errors).toEqual([
    'bulwark: the secret of the Admin key holds no key: `bulwark secrets put admin`',
  ]);
});
