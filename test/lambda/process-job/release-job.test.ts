import { releaseJob } from '../../../lambda/process-job/release-job';
import { settleRetries } from '../../../lambda/process-job/retry-policies';
import { LeaseLostError } from '../../../lambda/runtime/jobs/errors';

const DEADLINE = 1_000_000;
const lease = { jobId: 'job-1', fence: 3 };
const lost = new LeaseLostError('job-1', undefined);
const throttled = new Error('throttled');

/** Releases a job whose store answers as given, and with success after that; answers how often it was asked. */
const release = async (answers: readonly Error[], startedAt = DEADLINE) => {
  let nowMs = startedAt;
  let asked = 0;
  const store = {
    release: async () => {
      const answer = answers[asked];
      asked += 1;
      if (answer) throw answer;
    },
  };
  const sleep = async (ms: number) => {
    nowMs += ms;
  };
  const retries = settleRetries({ now: () => nowMs, random: () => 0.5, sleep });
  const dependencies = { store, settleRetries: retries } as unknown as Parameters<typeof releaseJob>[2];
  const error = await releaseJob(lease, { nowMs }, dependencies, DEADLINE).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { asked, error };
};

test.each<[string, readonly Error[], { asked: number; error: unknown }]>([
  ['at once', [], { asked: 1, error: undefined }],
  ['at the fifth try, also past the deadline', Array(4).fill(throttled), { asked: 5, error: undefined }],
  ['never', Array(9).fill(throttled), { asked: 5, error: throttled }],
  ['by the try whose answer was lost', [throttled, lost], { asked: 2, error: undefined }],
  ['not at all, where the lease is lost', [lost], { asked: 1, error: lost }],
])('gives the job back %s', async (_, answers, expected) => {
  expect(await release(answers)).toEqual(expected);
});

test('stops in time for the function to end', async () => {
  expect(await release([throttled], DEADLINE + 1_500)).toEqual({ asked: 1, error: throttled });
});
