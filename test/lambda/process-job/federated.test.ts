import '../doubles/environment';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { context, sqsRecord } from '../doubles/events';
import { type Federation, startFederation } from '../doubles/federation';
import { type LocalServer, startLocalServer } from '../doubles/local-server';
import { Processor } from '../doubles/processor';

const reply = {
  model: 'claude-sonnet-4-5-20250929',
  content: [{ type: 'text', text: 'the answer' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 12, output_tokens: 6 },
};

let upstream: LocalServer;
let federation: Federation;
let handler: typeof import('../../../lambda/process-job/handler')['handler'];
let cloud: Cloud;
let output: ReturnType<typeof captureOutput>;
/** What the upstream takes for a token that is good. */
let accepted: () => readonly string[];

beforeAll(async () => {
  upstream = await startLocalServer();
  federation = await startFederation();
  accepted = () => federation.endpoints.issued;
  upstream.behave((response, { request }) => {
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    const isGood = accepted().includes(token) && request.headers['anthropic-beta'] === 'oauth-2025-04-20';
    response.writeHead(isGood ? 200 : 401).end(JSON.stringify(isGood ? reply : {}));
  });
  process.env.BULWARK_UPSTREAM_URL = upstream.url;
  ({ handler } = await import('../../../lambda/process-job/handler'));
});
afterAll(() => Promise.all([upstream.close(), federation.endpoints.stop()]));
beforeEach(() => {
  cloud = new Cloud();
  output = captureOutput();
  upstream.received.length = 0;
});
afterEach(() => output.release());

const run = async () => {
  const processor = new Processor(cloud);
  processor.nowMs = Date.now();
  const message = await processor.submit('the question');
  await handler({ Records: [sqsRecord(message)] }, context());
  return cloud.job(message.jobId);
};

test('jobs are run with a token for the identity of the function, and no secret is read', async () => {
  const secrets = mockClient(SecretsManagerClient);
  expect(await run()).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
  expect(await run()).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
  expect(federation.endpoints.requests()).toBe(1);
  expect(secrets.commandCalls(GetSecretValueCommand)).toHaveLength(0);
});

test('a token that the upstream has ended is replaced, in one exchange and one more call', async () => {
  await run();
  const [ended] = federation.endpoints.issued;
  accepted = () => federation.endpoints.issued.filter((token) => token !== ended);
  expect(await run()).toMatchObject({ status: 'succeeded', upstreamCalls: 2 });
  expect(federation.endpoints.requests()).toBe(2);
  expect(output.lines()).toContainEqual(expect.objectContaining({ CredentialRenewals: 1 }));
  for (const token of federation.endpoints.issued) expect(output.text()).not.toContain(token);
});
