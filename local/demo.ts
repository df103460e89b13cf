import { setTimeout as sleep } from 'node:timers/promises';
import { JobStatus } from '../lib/contract/tables';
import { ApiClient, type JobView, submissionOf } from './api-client';
import { peekDeadLetters } from './dead-letters';
import type { Progress } from './progress';
import type { StackAddresses } from './stack';
import { UpstreamControl } from './upstream-control';

/** What became of the three jobs of the demonstration. */
export interface DemoOutcome {
  readonly jobs: readonly DemoJob[];
  /** Whether every one of them ended as it should. */
  readonly asExpected: boolean;
}

export interface DemoJob {
  readonly name: 'good' | 'refused-twice' | 'poisoned';
  readonly id: string;
  readonly status: string;
  readonly completion?: string;
  readonly reason?: string;
  readonly inDeadLetterQueue: boolean;
  readonly upstreamCalls: number;
  readonly seconds: number;
}

const DEMO = [
  { name: 'good', prompt: 'Say in one sentence what a bulwark is. [[good]]', status: JobStatus.SUCCEEDED },
  { name: 'refused-twice', prompt: 'Name three parts of a ship. [[refused-twice]]', status: JobStatus.SUCCEEDED },
  { name: 'poisoned', prompt: 'No answer will ever come to this. [[poisoned]]', status: JobStatus.DEAD_LETTERED },
] as const;

const JOB_WITHIN_MS = 180_000;
const DEAD_LETTER_WITHIN_MS = 30_000;
const OTHERS_EVERY_MS = 2_000;

/** Sends three jobs through the stack: one good, one that the upstream refuses twice, one that it always refuses. */
export async function runDemo(
  addresses: StackAddresses,
  progress: Progress,
  signal: AbortSignal,
): Promise<DemoOutcome> {
  const upstream = new UpstreamControl(addresses.upstreamUrl);
  await upstream.script('good', [{ kind: 'reply', text: 'A bulwark is a wall that protects what stands behind it.' }]);
  await upstream.script(
    'refused-twice',
    [
      { kind: 'error', status: 529 },
      { kind: 'error', status: 429, retryAfter: 1 },
    ],
    { kind: 'reply', text: 'The bow, the keel and the rudder.' },
  );
  await upstream.script('poisoned', [], { kind: 'error', status: 500 });
  const following = Promise.all(DEMO.map((job) => follow(job.name, job.prompt, addresses, progress, signal)));
  const [jobs] = await Promise.all([following, serveOthersUntil(following, addresses, signal)]);
  const asExpected = jobs.every((job, index) => isAsExpected(job, DEMO[index]?.status));
  return { jobs, asExpected };
}

/** Keeps the service in use: a job that fails while nobody else is served could be an outage's, and is held for a day. */
async function serveOthersUntil(ended: Promise<unknown>, addresses: StackAddresses, signal: AbortSignal) {
  const api = new ApiClient(addresses.apiUrl, addresses.client.key);
  const end = ended.then(
    () => 'ended' as const,
    () => 'ended' as const,
  );
  while ((await Promise.race([end, sleep(OTHERS_EVERY_MS)])) !== 'ended') {
    signal.throwIfAborted();
    await api.accept('Say hello.');
  }
}

async function follow(
  name: DemoJob['name'],
  prompt: string,
  addresses: StackAddresses,
  progress: Progress,
  signal: AbortSignal,
): Promise<DemoJob> {
  const api = new ApiClient(addresses.apiUrl, addresses.client.key);
  const startedAt = performance.now();
  const id = await api.accept(prompt);
  progress.step(`${name}: accepted as ${id}`);
  const tell = (job: JobView) =>
    progress.step(`${name}: ${job.status}${job.failure ? ` (${job.failure.reason})` : ''}`);
  const job = await api.untilEnded(id, JOB_WITHIN_MS, tell, signal);
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  const inDeadLetterQueue = job.status === JobStatus.DEAD_LETTERED && (await reachesDeadLetters(id, addresses, signal));
  const { calls } = await new UpstreamControl(addresses.upstreamUrl).callsOf(name);
  return {
    name,
    id,
    status: job.status,
    ...(job.completion && { completion: job.completion.text }),
    ...(job.failure && { reason: job.failure.reason }),
    inDeadLetterQueue,
    upstreamCalls: calls,
    seconds,
  };
}

async function reachesDeadLetters(id: string, addresses: StackAddresses, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + DEAD_LETTER_WITHIN_MS;
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    if ((await peekDeadLetters(addresses)).includes(id)) return true;
    await sleep(500);
  }
  return false;
}

function isAsExpected(job: DemoJob, status: string | undefined): boolean {
  if (job.status !== status) return false;
  return job.status === JobStatus.SUCCEEDED ? job.completion !== undefined : job.inDeadLetterQueue;
}

/** The outcome for people. */
export function describeOutcome({ jobs }: DemoOutcome): string[] {
  return jobs.flatMap((job) => {
    const head = `${job.name}: ${job.status} after ${job.seconds} s and ${job.upstreamCalls} upstream ${job.upstreamCalls === 1 ? 'call' : 'calls'}`;
    if (job.completion !== undefined) return [head, `    completion: ${job.completion}`];
    const where = job.inDeadLetterQueue ? 'its message is in the dead-letter queue' : 'its message is not found';
    return [head, `    ${where}; reason: ${job.reason}`];
  });
}

/** Lines to paste into a shell: submit a job, read one, tell the upstream double to fail, look at it all. */
export function describeAddresses({ endpoint, apiUrl, client, upstreamUrl }: StackAddresses, jobId: string): string[] {
  const authorization = `-H 'authorization: Bearer ${client.key}'`;
  const body = JSON.stringify(submissionOf('Hello'));
  const fault = JSON.stringify({ default: { kind: 'error', status: 529, retryAfter: 2 } });
  return [
    '# submit a job',
    `curl -sw '\\n' -X POST '${apiUrl}/v1/jobs' ${authorization} -H 'content-type: application/json' -d '${body}'`,
    '# read the good job; put another id in its place for yours',
    `curl -sw '\\n' '${apiUrl}/v1/jobs/${jobId}' ${authorization}`,
    '# is it alive?',
    `curl -sw '\\n' '${apiUrl}/health'`,
    '# make the upstream overloaded from now on, then submit again and watch',
    `curl -sw '\\n' -X POST '${upstreamUrl}/_double/script' -d '${fault}'`,
    '# see the calls that reached it',
    `curl -sw '\\n' '${upstreamUrl}/_double/calls'`,
    '# heal it',
    `curl -sw '\\n' -X POST '${upstreamUrl}/_double/reset'`,
    '# look at it as an operator does; every other command takes the same two options',
    `npm run --silent bulwark -- doctor --env local --endpoint '${endpoint}'`,
  ];
}
