import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { TokenExchangeError, TokenMalformedError } from '../../../../lambda/runtime/federation/errors';
import { TokenEndpoint } from '../../../../lambda/runtime/federation/token-endpoint';
import { IdentityIssuer } from '../../../../local/doubles/identity-issuer';
import { startTokenEndpoints, type TokenEndpoints } from '../../../../local/doubles/token-endpoints';

const AUDIENCE = 'https://api.example.test';
const names = {
  federationRuleId: 'fdrl_rule',
  organizationId: '00000000-0000-4000-8000-000000000001',
  serviceAccountId: 'svac_account',
  identityProviderId: 'idp_1',
};
const issuer = new IdentityIssuer();

let double: TokenEndpoints;
beforeEach(async () => {
  double = await startTokenEndpoints({ issuer, audience: AUDIENCE, ...names });
});
afterEach(() => double.stop());

const anthropic = (overrides: object = {}, timeoutMs?: number) => {
  const { federationRuleId, organizationId, serviceAccountId } = names;
  const settings = { provider: 'anthropic', federationRuleId, organizationId, serviceAccountId } as const;
  return new TokenEndpoint({ ...settings, tokenUrl: double.anthropicUrl, ...overrides }, { timeoutMs });
};
const openAi = (overrides: object = {}) => {
  const { identityProviderId, serviceAccountId } = names;
  const settings = { provider: 'openai', identityProviderId, serviceAccountId } as const;
  return new TokenEndpoint({ ...settings, tokenUrl: double.openAiUrl, ...overrides });
};
const identity = (overrides: Parameters<IdentityIssuer['token']>[0] = {}) =>
  issuer.token({ aud: AUDIENCE, ...overrides });
const errorOf = async (exchange: Promise<unknown>): Promise<Error> =>
  exchange.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: Error) => error,
  );

describe.each([
  ['Anthropic', anthropic, ['oauth-2025-04-20']],
  ['OpenAI', openAi, []],
])('%s', (_, endpoint, betas) => {
  test('gives a token for an identity that it trusts, with its life', async () => {
    const token = await endpoint().exchange(identity());
    expect(token).toEqual({ value: double.issued[0], lifetimeMs: 3_600_000 });
    expect(endpoint().betas).toEqual(betas);
    expect(double.requests()).toBe(1);
  });

  test.each<[string, () => string]>([
    ['for another audience', () => identity({ aud: 'https://elsewhere.test' })],
    ['of another issuer', () => new IdentityIssuer().token({ aud: AUDIENCE })],
    ['whose time has run out', () => identity({ exp: 1 })],
    ['that was changed', () => identity().replace(/\.[^.]+\./, `.${Buffer.from('{}').toString('base64url')}.`)],
    ['that is none', () => 'garbage'],
  ])('refuses an identity %s', async (_what, token) => {
    const error = await errorOf(endpoint().exchange(token()));
    expect(error).toBeInstanceOf(TokenExchangeError);
    expect(error).toMatchObject({ status: 401, code: 'invalid_grant' });
    expect(error.message).toBe('The token endpoint gave no token: HTTP 401 invalid_grant.');
  });

  test('refuses a service account that the federation does not name', async () => {
    const error = await errorOf(endpoint({ serviceAccountId: 'svac_other' }).exchange(identity()));
    expect(error).toMatchObject({ status: 401, code: 'invalid_grant' });
  });
});

test('a workspace is named where there is one', async () => {
  const bodies: unknown[] = [];
  double.behave((_request, response, body) => {
    bodies.push(JSON.parse(body));
    response.end();
  });
  await errorOf(anthropic({ workspaceId: 'default' }).exchange('identity'));
  await errorOf(anthropic().exchange('identity'));
  expect(bodies[0]).toHaveProperty('workspace_id', 'default');
  expect(bodies[1]).not.toHaveProperty('workspace_id');
});

const TOKEN = { access_token: 'token-of-the-double', token_type: 'Bearer', expires_in: 60 };
const answerWith = (status: number, body: unknown) =>
  double.behave((_, response) => {
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });

test.each<[string, unknown, string]>([
  ['nothing', '', 'it is no JSON object'],
  ['HTML', '<html>token-of-the-double</html>', 'it is no JSON object'],
  ['null', 'null', 'it is no JSON object'],
  ['a list', [TOKEN], 'it is no JSON object'],
  ['no token', { ...TOKEN, access_token: undefined }, 'it has no usable token'],
  ['a token that is no text', { ...TOKEN, access_token: 1 }, 'it has no usable token'],
  ['a token that breaks a header', { ...TOKEN, access_token: 'token-of-the-double\r\nx: y' }, 'it has no usable token'],
  ['another type', { ...TOKEN, token_type: 'mac' }, 'its token is not one of the type `Bearer`'],
  ['no type', { ...TOKEN, token_type: undefined }, 'its token is not one of the type `Bearer`'],
  ['no life', { ...TOKEN, expires_in: 0 }, 'its lifetime is not above 0 and at most 604800 seconds'],
  ['a life before now', { ...TOKEN, expires_in: -1 }, 'its lifetime is not above 0 and at most 604800 seconds'],
  ['a life in words', { ...TOKEN, expires_in: '60' }, 'its lifetime is not above 0 and at most 604800 seconds'],
  ['a life without end', { ...TOKEN, expires_in: 1e9 }, 'its lifetime is not above 0 and at most 604800 seconds'],
  ['too much', { ...TOKEN, filler: 'x'.repeat(65_536) }, 'it has more than 65536 bytes'],
])('an answer of %s is refused, and said no part of', async (_, body, problem) => {
  answerWith(200, body);
  const error = await errorOf(anthropic().exchange(identity()));
  expect(error).toBeInstanceOf(TokenMalformedError);
  expect(error.message).toBe(`The token endpoint's answer cannot be used: ${problem}.`);
  expect(inspect(error, { depth: 9 })).not.toContain('token-of-the-double');
});

test.each(['bearer', 'BEARER'])('the type may be written %s', async (type) => {
  answerWith(200, { ...TOKEN, token_type: type });
  await expect(anthropic().exchange('identity')).resolves.toEqual({ value: 'token-of-the-double', lifetimeMs: 60_000 });
});

test.each<[number, unknown, string | undefined]>([
  [400, { error: 'invalid_request', error_description: 'eyJ' }, 'invalid_request'],
  [401, { type: 'error', error: { type: 'authentication_error', message: 'eyJ' } }, 'authentication_error'],
  [429, { error: { message: 'eyJ' } }, undefined],
  [500, 'eyJ', undefined],
  [503, { error: 'Said with eyJ' }, undefined],
])('HTTP %d with %j is a refusal with the provider’s name for it and no more', async (status, body, code) => {
  answerWith(status, body);
  const error = await errorOf(anthropic().exchange(identity()));
  expect(error).toBeInstanceOf(TokenExchangeError);
  expect(error).toMatchObject({ status, code });
  expect(inspect(error, { depth: 9 })).not.toContain('eyJ');
});

test.each<[string, (response: ServerResponse) => void]>([
  ['a redirect', (response) => response.writeHead(307, { location: `${double.url}/oauth/token` }).end()],
  ['a broken connection', (response) => response.destroy()],
  ['no answer', () => undefined],
  ['half an answer', (response) => response.writeHead(200, { 'content-length': 100 }).write('{')],
])('%s is an error without a status, and is not asked again', async (_, act) => {
  double.behave((_request, response) => act(response));
  const error = await errorOf(anthropic({}, 100).exchange(identity()));
  expect(error).toBeInstanceOf(TokenExchangeError);
  expect(error).toMatchObject({ message: 'The token endpoint gave no token.', status: undefined });
  expect(double.requests()).toBe(1);
});

test('an endpoint that is not there is an error with its cause', async () => {
  const endpoint = anthropic();
  await double.stop();
  const error = await errorOf(endpoint.exchange(identity()));
  expect(error).toBeInstanceOf(TokenExchangeError);
  expect(error.cause).toBeDefined();
});
