import { GetWebIdentityTokenCommand } from '@aws-sdk/client-sts';
import type { FederationSettings } from '../../../lib/contract/federation';
import { sendJson } from '../../../local/doubles/http-double';
import { IdentityIssuer } from '../../../local/doubles/identity-issuer';
import { startTokenEndpoints, type TokenEndpoints } from '../../../local/doubles/token-endpoints';
import { CloudDouble } from '../doubles/cloud';

const AUDIENCE = 'https://api.example.test';
const issuer = new IdentityIssuer();
const names = {
  federationRuleId: 'fdrl_people',
  organizationId: '6f1c7a52-5d1a-4a53-9a1b-2f3c4d5e6f70',
  serviceAccountId: 'svac_people',
  identityProviderId: 'idp_people',
};
let endpoints: TokenEndpoints;
let cloud: CloudDouble;

beforeAll(async () => {
  endpoints = await startTokenEndpoints({ issuer, audience: AUDIENCE, expiresIn: 1_800, ...names });
});
afterAll(() => endpoints.stop());
beforeEach(() => {
  cloud = new CloudDouble();
  cloud.hasSecret = false;
  endpoints.behave();
  attest(issuer.token({ aud: AUDIENCE, sub: 'arn:aws:iam::111122223333:role/developer' }));
  deploy(anthropic());
});
afterEach(() => {
  delete process.env.ANTHROPIC_API_KEY;
});

const identity = { audience: AUDIENCE, lifetimeSeconds: 300, signingAlgorithm: 'RS256' } as const;
const anthropic = (): FederationSettings => ({
  identity,
  endpoint: { provider: 'anthropic', tokenUrl: endpoints.anthropicUrl, ...names },
});
const openAi = (): FederationSettings => ({
  identity,
  endpoint: { provider: 'openai', tokenUrl: endpoints.openAiUrl, ...names },
});

const deploy = (settings: FederationSettings) => {
  cloud.developerFederation = JSON.stringify(settings);
};
const attest = (WebIdentityToken: string) => cloud.sts.on(GetWebIdentityTokenCommand).resolves({ WebIdentityToken });
const exec = (...args: string[]) => cloud.bulwark('secrets', 'exec', ...args);
const given = () => endpoints.issued.at(-1);

test("exchanges the caller's own identity, and the token is in the environment of the program alone", async () => {
  const { code, printed, errors } = await exec('--', 'npm', 'run', 'dev');

  expect([code, printed]).toEqual([0, []]);
  expect(errors).toEqual([
    'bulwark: ANTHROPIC_AUTH_TOKEN has a token of anthropic for your own role, good for 30m 0s, until 2026-11-22T12:30:00.000Z; a program that runs longer has to be started again',
  ]);
  expect(cloud.programs).toEqual([
    { file: 'npm', args: ['run', 'dev'], env: { ...process.env, ANTHROPIC_AUTH_TOKEN: given() } },
  ]);
  expect(process.env.ANTHROPIC_AUTH_TOKEN).toBeUndefined();
  const [asked] = cloud.sts.commandCalls(GetWebIdentityTokenCommand);
  expect(asked?.args[0].input).toEqual({ Audience: [AUDIENCE], DurationSeconds: 300, SigningAlgorithm: 'RS256' });
});

test('a key that was left over is not in the environment of the program, where it would win', async () => {
  process.env.ANTHROPIC_API_KEY = 'left over';
  const { errors } = await exec('--', 'npm', 'test');

  expect(errors).toContain(
    'bulwark: ANTHROPIC_API_KEY, which was set already, is not in the environment of the program',
  );
  expect(cloud.programs[0]?.env).not.toHaveProperty('ANTHROPIC_API_KEY');
  expect(process.env.ANTHROPIC_API_KEY).toBe('left over');
});

test('--as names the variable, and the leftover key is taken away all the same', async () => {
  process.env.ANTHROPIC_API_KEY = 'left over';
  await exec('--as', 'MODEL_TOKEN', '--', 'npm', 'test');

  expect(cloud.programs[0]?.env).toMatchObject({ MODEL_TOKEN: given() });
  expect(cloud.programs[0]?.env).not.toHaveProperty('ANTHROPIC_API_KEY');
});

test("OpenAI's token goes where its clients look for a key, and other providers' keys stay", async () => {
  process.env.ANTHROPIC_API_KEY = 'of another program';
  deploy(openAi());
  const { code, errors } = await exec('--', 'npm', 'test');

  expect([code, errors[0]]).toEqual([0, expect.stringContaining('OPENAI_API_KEY has a token of openai')]);
  expect(cloud.programs[0]?.env).toMatchObject({ OPENAI_API_KEY: given(), ANTHROPIC_API_KEY: 'of another program' });
});

test('a token is preferred to a stored key, which nobody then reads', async () => {
  cloud.hasSecret = true;
  cloud.secrets.version('v1', ['AWSCURRENT'], { value: '{"apiKey":"stored"}' });
  await exec('--', 'npm', 'test');

  expect(cloud.programs[0]?.env).toMatchObject({ ANTHROPIC_AUTH_TOKEN: given() });
  expect(cloud.secrets.mock.calls()).toEqual([]);
});

test("the program's exit code is the command's", async () => {
  cloud.programCode = 7;
  expect((await exec('--', 'npm', 'test')).code).toBe(7);
});

/** What is printed where no token is given; no program is run. */
async function refusal(...args: string[]): Promise<string | undefined> {
  const before = endpoints.issued.length;
  const { code, printed, errors } = await exec(...args, '--', 'npm', 'test');
  expect([code, printed, errors.length, cloud.programs, endpoints.issued.length]).toEqual([1, [], 1, [], before]);
  return errors[0];
}

test.each<[string, () => void, string]>([
  [
    'the account lets nobody be federated',
    () => cloud.sts.on(GetWebIdentityTokenCommand).rejects(named('OutboundWebIdentityFederationDisabledException')),
    'bulwark: Outbound web identity federation is off in this AWS account. Switch it on, once: `aws iam enable-outbound-web-identity-federation`',
  ],
  [
    'the role may not ask for a token',
    () => cloud.sts.on(GetWebIdentityTokenCommand).rejects(named('AccessDenied')),
    `bulwark: AWS gave no identity token (AccessDenied: said so): your role needs \`sts:GetWebIdentityToken\` for the audience ${AUDIENCE}; see docs/development.md`,
  ],
  [
    'the federation admits others',
    () => attest(issuer.token({ aud: 'https://somebody.else' })),
    'bulwark: The token endpoint gave no token: HTTP 401 invalid_grant; the federation at the provider must admit your role: see docs/development.md',
  ],
  [
    'the provider fails',
    () => endpoints.behave((_request, response) => sendJson(response, 500, {})),
    'bulwark: The token endpoint gave no token: HTTP 500; try again in a moment',
  ],
  [
    'something else answers there',
    () => endpoints.behave((_request, response) => sendJson(response, 200, { access_token: 'x' })),
    expect.stringMatching(/its token is not one of the type `Bearer`; is it the provider that answers at http\S+\?$/),
  ],
  [
    'the deployment is of another version',
    () => {
      cloud.developerFederation = '{}';
    },
    'bulwark: the output DeveloperFederation cannot be read: deploy this version first',
  ],
])('no program runs where %s, and the line says what to do', async (_, arrange, line) => {
  arrange();
  expect(await refusal()).toEqual(line);
});

test('an endpoint that cannot be reached is told from one that refuses', async () => {
  const { endpoint, ...settings } = anthropic();
  deploy({ ...settings, endpoint: { ...endpoint, tokenUrl: 'http://127.0.0.1:1/v1/oauth/token' } });
  expect(await refusal()).toMatch(/^bulwark: The token endpoint gave no token \(.+\); http:\S+ was not reached$/);
});

test('a time that nobody here can choose is refused', async () => {
  expect(await refusal('--ttl', '15m')).toBe(
    'bulwark: `--ttl` cannot be kept here: the federation at the provider says how long a token lives; leave it away',
  );
});

test.each(['staging', 'prod'])('the tokens of %s are not for a process outside AWS', async (environment) => {
  cloud.environment = environment;
  expect(await refusal()).toContain(`the keys of ${environment} are not for a process outside AWS`);
  expect(cloud.sts.commandCalls(GetWebIdentityTokenCommand)).toEqual([]);
});

const named = (name: string): Error => Object.assign(new Error('said so'), { name });
