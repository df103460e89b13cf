import '../doubles/environment';
import { randomBytes } from 'node:crypto';
import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { handler } from '../../../lambda/authorize-client/handler';
import { hashClientKey, makeClientKey } from '../../../lambda/runtime/client-keys/client-key';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { CLIENTS_TABLE, PLANS } from '../doubles/environment';
import { CLIENT_ID, context } from '../doubles/events';

const key = makeClientKey('local', CLIENT_ID, randomBytes(32));
const nextKey = makeClientKey('local', CLIENT_ID, randomBytes(32));
const STAGE = 'arn:aws:execute-api:eu-central-1:000000000000:api/live';

let cloud: Cloud;
let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  cloud = new Cloud();
  output = captureOutput();
  putClient('active', key);
});
afterEach(() => output.release());

const putClient = (status: string, ...keys: string[]) => putRow({ status, keys: keys.map((live) => storedKey(live)) });

const storedKey = (live: string, expiresAt?: string) => ({
  hash: hashClientKey(live),
  createdAt: '2026-11-22T12:00:00Z',
  expiresAt,
});

const putRow = (row: Record<string, unknown>) =>
  cloud.dynamodb.put(CLIENTS_TABLE, {
    clientId: CLIENT_ID,
    name: 'a client',
    status: 'active',
    usageIdentifierKey: 'usage-1',
    keys: [storedKey(key)],
    ...row,
  });

const authorize = (headers: Record<string, string>) =>
  handler(
    {
      type: 'REQUEST',
      methodArn: `${STAGE}/POST/v1/jobs`,
      headers,
      requestContext: { requestId: 'r' },
    } as unknown as APIGatewayRequestAuthorizerEvent,
    context(),
  );
const bearer = (presented: string) => authorize({ Authorization: `Bearer ${presented}` });

test('lets a live key into the whole stage, as its client', async () => {
  expect(await bearer(key)).toEqual({
    principalId: CLIENT_ID,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: `${STAGE}/*/*` }],
    },
    context: { clientId: CLIENT_ID, plan: JSON.stringify(PLANS.standard) },
    usageIdentifierKey: 'usage-1',
  });
  expect(cloud.steps).toEqual(['GetItem']);
});

test('both keys of a rotation are live, and usage follows the client', async () => {
  putClient('active', key, nextKey);
  const [first, second] = [await bearer(key), await bearer(nextKey)];
  expect(second).toEqual(first);
});

test('the scheme and the name of the header are read in any case', async () => {
  expect(await authorize({ authorization: `bearer ${key}` })).toMatchObject({ principalId: CLIENT_ID });
});

test('denies a revoked client', async () => {
  putClient('revoked', key);
  expect(await bearer(key)).toMatchObject({
    policyDocument: { Statement: [{ Effect: 'Deny', Resource: `${STAGE}/*/*` }] },
    context: { clientId: CLIENT_ID },
  });
});

test('hands on the terms of the plan that the row names', async () => {
  putRow({ plan: 'trial' });
  const { context: handedOn, policyDocument } = await bearer(key);
  expect(policyDocument.Statement).toMatchObject([{ Effect: 'Allow' }]);
  expect(JSON.parse(String(handedOn?.plan))).toEqual(PLANS.trial);
});

test.each(['gold', 'toString', '__proto__'])(
  'denies a client whose plan is %j, and tells the operator',
  async (plan) => {
    putRow({ plan });
    const answer = await bearer(key);
    expect(answer.policyDocument.Statement).toMatchObject([{ Effect: 'Deny', Resource: `${STAGE}/*/*` }]);
    expect(answer.context).toEqual({ clientId: CLIENT_ID });
    expect(output.lines().at(-1)).toMatchObject({ level: 'ERROR', clientId: CLIENT_ID, plan });
  },
);

test('in an overlap both keys are live; after it the old one is refused although it is stored', async () => {
  const [past, future] = [-1_000, 3_600_000].map((ms) => new Date(Date.now() + ms).toISOString());
  putRow({ keys: [storedKey(key, future), storedKey(nextKey)] });
  expect([await bearer(key), await bearer(nextKey)]).toMatchObject([
    { principalId: CLIENT_ID },
    { principalId: CLIENT_ID },
  ]);
  putRow({ keys: [storedKey(key, past), storedKey(nextKey)] });
  await expect(bearer(key)).rejects.toThrow(/^Unauthorized$/);
  expect(output.lines()).toContainEqual(
    expect.objectContaining({ message: 'The presented key has expired.', clientId: CLIENT_ID }),
  );
  expect(await bearer(nextKey)).toMatchObject({ principalId: CLIENT_ID });
});

const flipped = key.slice(0, 30) + (key[30] === 'A' ? 'B' : 'A') + key.slice(31);

test.each([
  ['no header', {}],
  ['another scheme', { Authorization: `Basic ${key}` }],
  ['no scheme', { Authorization: key }],
  ['an empty key', { Authorization: 'Bearer ' }],
  ['garbage', { Authorization: 'Bearer aaaa' }],
  ['a key with one character changed', { Authorization: `Bearer ${flipped}` }],
  ['a key and more', { Authorization: `Bearer ${key} ${key}` }],
])('%s is unauthorized, and costs no read', async (_, headers) => {
  await expect(authorize(headers as Record<string, string>)).rejects.toThrow(/^Unauthorized$/);
  expect(cloud.steps).toEqual([]);
});

test.each([
  ['another key of the client', makeClientKey('local', CLIENT_ID, randomBytes(32))],
  ['a key of an unknown client', makeClientKey('local', '0000000000000000', randomBytes(32))],
])('%s is unauthorized', async (_, presented) => {
  await expect(bearer(presented)).rejects.toThrow(/^Unauthorized$/);
  expect(cloud.steps).toEqual(['GetItem']);
});

test('a table that is down is no 401: the client could not know', async () => {
  cloud.crash({ atStep: 1, when: 'before' });
  await expect(bearer(key)).rejects.not.toThrow(/Unauthorized/);
});

test('no log line holds a key or its hash', async () => {
  await bearer(key);
  await bearer(nextKey).catch(() => undefined);
  await bearer(flipped).catch(() => undefined);
  expect(output.lines()).toHaveLength(2);
  for (const secret of [key, nextKey, flipped, hashClientKey(key)])
    expect(output.text()).not.toContain(secret.slice(-20));
});
