import '../doubles/environment';
import type { Cloud, Crash } from '../doubles/cloud';
import { JOBS_TABLE, STUCK_AFTER_MS } from '../doubles/environment';
import { sqsRecord } from '../doubles/events';
import type { Processor } from '../doubles/processor';
import { SweepWorld } from './sweep-world';

const silent = () => undefined;

let world: SweepWorld;
let cloud: Cloud;
let processor: Processor;
beforeEach(() => {
  world = new SweepWorld();
  ({ cloud, processor } = world);
});
const run = () => world.run();

describe('a sweep that dies, and the next one', () => {
  const queries = (count: number): string[] => Array.from({ length: count }, () => 'Query');
  /**
   * One look at the queue, one query for each shard of both states, the claim, the message; and meanwhile one query for
   * each bucket of the ledger's leases.
   */
  const STEPS = ['GetQueueAttributes', ...queries(20), 'UpdateItem', 'Query', 'SendMessageBatch', ...queries(3)];
  const crashes = STEPS.flatMap((name, index): (Crash & { name: string })[] => [
    { name, atStep: index + 1, when: 'before' },
    { name, atStep: index + 1, when: 'after' },
  ]);

  test.each(crashes)('$when the effect of step $atStep, $name: a stuck job runs, and ends once', async (crash) => {
    const message = await processor.submit();
    processor.nowMs += STUCK_AFTER_MS + 1;
    cloud.steps.length = 0;
    cloud.crash(crash);
    await run().catch(silent);
    cloud.revive();
    for (let minutes = 0; cloud.sent.length === 0 && minutes < 60; minutes += 1) {
      processor.nowMs += 60_000;
      await run();
    }
    expect(world.sentJobs()).toContain(message.jobId);
    for (const jobId of world.sentJobs()) await processor.process(sqsRecord({ ...message, jobId }));
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
  });

  test('has these steps: it looks, claims and sends', async () => {
    await processor.submit();
    processor.nowMs += STUCK_AFTER_MS + 1;
    cloud.steps.length = 0;
    await run();
    expect(cloud.steps).toEqual(STEPS);
  });

  /** The same looks, the claim, the copy, the burial; and the ledger's leases meanwhile. */
  const BURIAL = [
    ...['GetQueueAttributes', ...queries(20)],
    ...['UpdateItem', 'Query', 'SendMessageBatch', 'Query', 'UpdateItem', ...queries(2)],
  ];
  /** A running job that one worker more than is allowed has died over. */
  const abandonedJob = async () => {
    const message = await processor.submit();
    const row = { ...cloud.job(message.jobId), status: 'running', fence: 6, leaseUntil: 1, abandoned: 5 };
    const bucket = String(cloud.job(message.jobId)?.dueBucket).replace('queued', 'running');
    cloud.dynamodb.put(JOBS_TABLE, { ...row, dueAt: 1, dueBucket: bucket });
    return message;
  };

  test('has these steps where it gives a job up', async () => {
    await abandonedJob();
    processor.nowMs += 1;
    cloud.steps.length = 0;
    await run();
    expect(cloud.steps).toEqual(BURIAL);
  });

  test.each(
    BURIAL.flatMap((name, index) => [
      { name, atStep: 1 + index, when: 'before' as const },
      { name, atStep: 1 + index, when: 'after' as const },
    ]),
  )('$when the effect of step $atStep, $name, while it gives a job up: it ends dead-lettered', async (crash) => {
    const message = await abandonedJob();
    processor.nowMs += 1;
    cloud.steps.length = 0;
    cloud.crash(crash);
    await run().catch(silent);
    cloud.revive();
    // A job that was put back, but not given up, waits: it is sent once more, and then its worker dies again.
    for (let minutes = 0; cloud.job(message.jobId)?.status !== 'dead-lettered' && minutes < 60; minutes += 1) {
      processor.nowMs += 60_000;
      await run();
      if (cloud.sent.length > 0 && cloud.job(message.jobId)?.status === 'queued') {
        cloud.sent.length = 0;
        await world.abandon(message);
      }
    }
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered', failure: { reason: 'internal' } });
    expect(cloud.deadLettered.length).toBeGreaterThanOrEqual(1);
    expect(cloud.deadLettered.length).toBeLessThanOrEqual(2);
  });
});
