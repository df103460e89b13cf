import { ApiClient } from '../local/api-client';
import { abortOnSignals } from '../local/interruption';
import { createProgress } from '../local/progress';
import { startLocalStack } from '../local/stack';
import { type Bench, type Figure, quantile, round } from './figure';

const JOBS = 300;
const CLIENTS = 16;
const WITHIN_MS = 300_000;

interface TimedJob {
  readonly createdAt: string;
  readonly completedAt: string;
}

/** Runs the tasks with at most `width` of them under way, and answers their results in order. */
async function inParallel<Result>(
  tasks: readonly (() => Promise<Result>)[],
  width: number,
  signal: AbortSignal,
): Promise<Result[]> {
  const results = new Array<Result>(tasks.length);
  let next = 0;
  const work = async () => {
    for (let index = next++; index < tasks.length; index = next++) {
      signal.throwIfAborted();
      const task = tasks[index];
      if (task) {
        results[index] = await task();
      }
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return results;
}

async function finishedJob(api: ApiClient, id: string): Promise<TimedJob> {
  const job = await api.untilEnded(id, WITHIN_MS);
  if (job.status !== 'succeeded') {
    throw new Error(`job ${id} ended ${job.status}: the figure would not be one of good jobs`);
  }
  return job as unknown as TimedJob;
}

function figuresOf(jobs: readonly TimedJob[]): Figure[] {
  const started = Math.min(...jobs.map(({ createdAt }) => Date.parse(createdAt)));
  const ended = Math.max(...jobs.map(({ completedAt }) => Date.parse(completedAt)));
  const latencies = jobs.map(({ createdAt, completedAt }) => Date.parse(completedAt) - Date.parse(createdAt));
  const base = { bench: 'pipeline', goal: null, meets: null };
  return [
    { ...base, subject: 'throughput', figure: round((jobs.length * 1000) / (ended - started), 1), unit: 'jobs/s' },
    { ...base, subject: 'accepted to done, p50', figure: round(quantile(latencies, 0.5) / 1000, 2), unit: 's' },
    { ...base, subject: 'accepted to done, p95', figure: round(quantile(latencies, 0.95) / 1000, 2), unit: 's' },
  ];
}

/** Jobs a second through the local stack, with an upstream that answers at once: from the first accepted to the last done. */
export const pipelineBench: Bench = {
  name: 'pipeline',
  summary: `${JOBS} jobs through the local stack, ${CLIENTS} submitting at once, by the jobs' own times`,
  async run(report) {
    const interruption = new AbortController();
    abortOnSignals(interruption);
    const progress = createProgress({ write: report });
    const stack = await startLocalStack({ instance: 'bench', progress, interruption });
    try {
      const api = new ApiClient(stack.addresses.apiUrl, stack.addresses.client.key);
      await api.untilEnded(await api.accept('warm-up'), WITHIN_MS);
      const submissions = Array.from({ length: JOBS }, (_, index) => () => api.accept(`Job ${index}`));
      const ids = await inParallel(submissions, CLIENTS, interruption.signal);
      progress.step(`${ids.length} jobs accepted`);
      const jobs = await inParallel(
        ids.map((id) => () => finishedJob(api, id)),
        4,
        interruption.signal,
      );
      return figuresOf(jobs);
    } finally {
      await stack.stop();
    }
  },
};
