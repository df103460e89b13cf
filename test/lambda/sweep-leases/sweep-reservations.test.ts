import '../doubles/environment';
import { reservationKey } from '../../../lib/contract/ledger';
import type { Cloud } from '../doubles/cloud';
import { LEDGER_TABLE } from '../doubles/environment';
import { sqsRecord, WORST_CASE } from '../doubles/events';
import { COST, completion, type Processor } from '../doubles/processor';
import { SweepWorld } from './sweep-world';

let world: SweepWorld;
let cloud: Cloud;
let processor: Processor;
beforeEach(() => {
  world = new SweepWorld();
  ({ cloud, processor } = world);
});

const down = () => {
  throw new Error('the ledger is down');
};
const up = () => undefined;
const leaseUntil = (jobId: string) => Number(cloud.dynamodb.row(LEDGER_TABLE, reservationKey(jobId))?.leaseUntil);
/** A job that is served while the ledger cannot be told. */
const serveUntold = async () => {
  const message = await processor.submit();
  processor.upstream.answer(async () => {
    cloud.dynamodb.beforeRead = down;
    return completion;
  });
  await processor.process(sqsRecord(message));
  cloud.dynamodb.beforeRead = up;
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded' });
  return message.jobId;
};

test('closes the reservation of an ended job after its lease: a call of which nobody has told costs its estimate', async () => {
  const jobId = await serveUntold();
  processor.nowMs = leaseUntil(jobId);
  await world.run();
  expect(cloud.spending(jobId)).toMatchObject({ unknown: WORST_CASE, closed: false });
  processor.nowMs += 1;
  await world.run();
  expect(cloud.spending(jobId)).toMatchObject({ held: 0, unknown: WORST_CASE, unknownCalls: 1, closed: true });
  expect(world.metrics).toMatchObject({ SpendMicroUsd: WORST_CASE });
  await world.run();
  expect(world.metrics).toMatchObject({ SpendMicroUsd: WORST_CASE });
});

test('extends that of a job that waits, and leaves it what it holds', async () => {
  const message = await processor.submit();
  processor.nowMs = leaseUntil(message.jobId) + 1;
  await world.run();
  expect(cloud.spending(message.jobId)).toMatchObject({ held: WORST_CASE, closed: false });
  expect(leaseUntil(message.jobId)).toBeGreaterThan(processor.nowMs);
  expect(world.metrics).not.toHaveProperty('SpendMicroUsd');
  await processor.process(sqsRecord(message));
  expect(cloud.spending(message.jobId)).toMatchObject({ spent: COST, closed: true });
});

test('gives back what a job holds that is gone', async () => {
  const { jobId } = await processor.submit();
  processor.nowMs = leaseUntil(jobId) + 1;
  await world.run({ isJobAlive: async () => false });
  expect(cloud.spending(jobId)).toEqual({ held: 0, unknown: 0, unknownCalls: 0, spent: 0, closed: true });
  expect(world.metrics).not.toHaveProperty('SpendMicroUsd');
});

test('one that fails does not stop the others, and is tried again', async () => {
  const jobs = [await serveUntold(), await serveUntold(), await serveUntold()];
  processor.nowMs = Math.max(...jobs.map(leaseUntil)) + 1;
  const { isJobAlive } = world.dependencies;
  const failing = async (jobId: string) => (jobId === jobs[1] ? down() : isJobAlive(jobId));
  await world.run({ isJobAlive: failing });
  expect(jobs.map((jobId) => cloud.spending(jobId).closed)).toEqual([true, false, true]);
  expect(world.metrics).toMatchObject({ SpendMicroUsd: 2 * WORST_CASE, LedgerUnavailable: 1 });
  await world.run();
  expect(jobs.map((jobId) => cloud.spending(jobId).closed)).toEqual([true, true, true]);
  expect(world.metrics).toMatchObject({ SpendMicroUsd: 3 * WORST_CASE, LedgerUnavailable: 1 });
});

test('a ledger that is down makes the sweep incomplete, and keeps no job from being sent again', async () => {
  const message = await processor.submit();
  await world.abandon(message);
  processor.nowMs += 3_600_000;
  const ledger = { expire: () => Promise.reject(new Error('the ledger is down')) };
  await expect(world.run({ ledger })).rejects.toThrow('The sweep is not complete.');
  expect(world.sentJobs()).toEqual([message.jobId]);
});
