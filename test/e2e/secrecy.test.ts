import {
  CloudWatchLogsClient,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { JobStatus, JobsTable } from '../../lib/contract/tables';
import { UPSTREAM_SECRET_FIELD } from '../../lib/contract/upstream-secret';
import { ENDED_WITHIN_MS, newMarker, StackUnderTest } from './stack-under-test';

const stack = new StackUnderTest();
const PROMPT = 'The patient of 14 Elm Street asks about her pills';
const COMPLETION = 'Two pills a day for the patient of Elm Street';
const secrets: string[] = [PROMPT, COMPLETION];
let jobId: string;

beforeAll(async () => {
  const { api, key } = await stack.newClient('secrecy');
  const marker = newMarker('secret');
  await stack.upstream.script(marker, [{ kind: 'error', status: 500 }], { kind: 'reply', text: COMPLETION });
  jobId = await api.accept(`${PROMPT} [[${marker}]]`);
  const job = await api.untilEnded(jobId, ENDED_WITHIN_MS);
  expect(job).toMatchObject({ status: JobStatus.SUCCEEDED, completion: { text: COMPLETION } });
  // Refused requests are logged too, and must not say more.
  await api.request('POST', '/v1/jobs', JSON.stringify({ prompt: PROMPT }));
  secrets.push(key, await upstreamKey());
});

async function upstreamKey(): Promise<string> {
  const client = new SecretsManagerClient({ ...stack.access });
  const SecretId = stack.addresses.deployment.upstreamSecret;
  const { SecretString = '{}' } = await client.send(new GetSecretValueCommand({ SecretId }));
  return JSON.parse(SecretString)[UPSTREAM_SECRET_FIELD];
}

const bytesOf = (value: unknown): Buffer =>
  Buffer.concat(
    value instanceof Uint8Array
      ? [value]
      : typeof value === 'object' && value !== null
        ? Object.values(value).map(bytesOf)
        : [Buffer.from(String(value))],
  );

test.each([JobsTable.JOB_PART, JobsTable.RESULT_PART])(
  'the %s row holds no readable prompt or completion',
  async (part) => {
    const row = await stack.row(jobId, part);
    expect(row).toBeDefined();
    const bytes = bytesOf(row);
    for (const secret of secrets) expect(bytes.includes(secret)).toBe(false);
  },
);

test('no log group holds a prompt, a completion, a client key or the upstream key', async () => {
  const client = new CloudWatchLogsClient({ ...stack.access });
  const found: string[] = [];
  let lines = 0;
  for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, {})) {
    for (const { logGroupName } of logGroups) {
      for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName })) {
        lines += events.length;
        found.push(...events.flatMap(({ message = '' }) => leaksIn(message).map(() => `${logGroupName}: ${message}`)));
      }
    }
  }
  expect(found).toEqual([]);
  expect(lines).toBeGreaterThan(20);
});

const leaksIn = (message: string): string[] => secrets.filter((secret) => message.includes(secret));
