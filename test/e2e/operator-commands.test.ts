import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { ApiClient } from '../../local/api-client';
import { environmentFor } from '../../local/endpoint';
import { CHECKOUT } from '../../local/places';
import { newMarker, StackUnderTest } from './stack-under-test';

const stack = new StackUnderTest();
const { deployment } = stack.addresses;
const REASON = ['--reason', 'end-to-end test'];
let api: ApiClient;

beforeAll(async () => {
  ({ api } = await stack.newClient('operator commands'));
});

function bulwark(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = ['--import', 'tsx', join(CHECKOUT, 'bin', 'bulwark.ts'), ...args, '--env', 'local'];
  const options = { cwd: CHECKOUT, env: environmentFor(stack.addresses.endpoint) };
  return new Promise((resolve) => {
    execFile(process.execPath, script, options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

async function json(...args: string[]) {
  const { code, stdout, stderr } = await bulwark(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** A job that the upstream has refused for good. */
async function failedJob(): Promise<{ readonly id: string; readonly marker: string }> {
  const marker = newMarker('operated');
  await stack.upstream.script(marker, [{ kind: 'error', status: 400 }], { kind: 'reply', text: 'Second thoughts.' });
  const id = await api.accept(`Please. [[${marker}]]`);
  await untilStatus(id, 'failed');
  return { id, marker };
}

async function untilStatus(id: string, status: string): Promise<void> {
  for (let tries = 0; (await stack.row(id))?.status !== status; tries++) {
    if (tries > 300) throw new Error(`${id} is ${(await stack.row(id))?.status} and not ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Makes a job one that the queue has given up. */
async function deadLetter(id: string, reason: string): Promise<void> {
  await stack.tables.send(
    new UpdateCommand({
      TableName: deployment.jobsTable,
      Key: { jobId: id, part: 'job' },
      UpdateExpression: 'SET #status = :dead, #failure = :failure',
      ExpressionAttributeNames: { '#status': 'status', '#failure': 'failure' },
      ExpressionAttributeValues: { ':dead': 'dead-lettered', ':failure': { reason } },
    }),
  );
  const MessageBody = JSON.stringify({ jobId: id, correlationId: 'e2e' });
  await new SQSClient({ ...stack.access }).send(
    new SendMessageCommand({ QueueUrl: deployment.deadLetterQueueUrl, MessageBody }),
  );
}

async function auditOf(on: string): Promise<string[]> {
  const { Items = [] } = await stack.tables.send(
    new QueryCommand({
      TableName: deployment.auditTable,
      KeyConditionExpression: '#day = :day',
      ExpressionAttributeNames: { '#day': 'day' },
      ExpressionAttributeValues: { ':day': new Date().toISOString().slice(0, 10) },
    }),
  );
  return Items.filter((item) => item.on === on).map(({ what, result }) => `${what}: ${result}`);
}

test('a failed job runs again by `jobs retry`, and is shown masked', async () => {
  const { id } = await failedJob();
  expect(await json('jobs', 'retry', '--job', id, ...REASON)).toEqual({ jobId: id, status: 'queued' });
  await untilStatus(id, 'succeeded');
  expect(await auditOf(id)).toEqual(['jobs.retry: begun', 'jobs.retry: queued']);
  const shown = await bulwark('jobs', 'show', '--job', id);
  expect(shown.stdout).toContain('***MASKED***');
  expect(await bulwark('jobs', 'retry', '--job', id, ...REASON)).toMatchObject({
    code: 1,
    stderr: `bulwark: ${id} is succeeded: it cannot be retried\n`,
  });
});

test('dead letters are listed, peeked at, redriven by reason, and purged', async () => {
  const [first, second] = [await failedJob(), await failedJob()];
  await deadLetter(first.id, 'upstream-timeout');
  await deadLetter(second.id, 'internal');

  const { letters } = await json('dlq', 'list');
  const listed = letters.map(({ jobId, reason }: Record<string, string>) => `${jobId} ${reason}`);
  expect(listed).toEqual(expect.arrayContaining([`${first.id} upstream-timeout`, `${second.id} internal`]));
  expect((await bulwark('dlq', 'peek', '--job', first.id)).stdout).toContain(first.id);

  const where = ['--where', 'reason=upstream-timeout', '--where', `job=${first.id}`];
  expect(await json('dlq', 'redrive', '--dry-run', ...where)).toMatchObject({ moved: 1, dryRun: true });
  expect(await json('dlq', 'redrive', ...where, ...REASON)).toMatchObject({ moved: 1, by: 'messages' });
  await untilStatus(first.id, 'succeeded');

  // The emulator has no move tasks: without a filter the command moves the rest itself.
  expect(await json('dlq', 'redrive', ...REASON)).toMatchObject({ moved: expect.any(Number), by: 'messages' });
  await untilStatus(second.id, 'succeeded');

  const name = deployment.deadLetterQueueUrl.split('/').at(-1) ?? '';
  expect(await bulwark('dlq', 'purge', ...REASON)).toMatchObject({
    code: 1,
    stderr: `bulwark: to purge ${name}, say --confirm ${name}\n`,
  });
  await deadLetter(second.id, 'internal');
  expect(await json('dlq', 'purge', '--confirm', name, ...REASON)).toEqual({ queue: name, purged: 1 });
  expect((await json('dlq', 'list')).letters).toEqual([]);
});

test('while the breaker is held open no job runs, a queued one can be cancelled, and dead letters stay', async () => {
  expect(await json('breaker', 'open', ...REASON)).toMatchObject({ changed: true, breaker: { held: true } });
  try {
    expect(await bulwark('dlq', 'redrive', ...REASON)).toMatchObject({
      code: 1,
      stderr: 'bulwark: the breaker `upstream` is held open (end-to-end test); wait until it closes, or say --force\n',
    });
    const id = await api.accept('Never sent.');
    expect(await json('jobs', 'cancel', '--job', id, ...REASON)).toEqual({ jobId: id, status: 'failed' });
    expect(await stack.row(id)).toMatchObject({ status: 'failed', failure: { reason: 'cancelled' }, upstreamCalls: 0 });
    const doctor = await bulwark('doctor', '--api-url', stack.addresses.apiUrl);
    expect(doctor).toMatchObject({ code: 1, stderr: expect.stringMatching(/^bulwark: local is degraded: .*breaker/) });
    expect(doctor.stdout).toContain('bulwark breaker close');
  } finally {
    expect(await json('breaker', 'close', ...REASON)).toMatchObject({ changed: true });
  }
  expect((await bulwark('breaker', 'status')).stdout).toMatch(/^breaker {4}upstream: closed\n/);
});

test('`doctor` finds nothing down in a stack that works', async () => {
  const { code, stdout } = await bulwark('doctor', '--api-url', stack.addresses.apiUrl);
  expect({ code, down: stdout.match(/^down.*$/gm) ?? [] }).toEqual({ code: expect.any(Number), down: [] });
  expect(stdout).toMatch(/^(ok|degraded) +service/m);
});
