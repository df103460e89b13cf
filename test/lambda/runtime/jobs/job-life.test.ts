import '../../doubles/environment';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { type DueStatus, dueBuckets } from '../../../../lambda/runtime/jobs/due-entry';
import type { DueJob } from '../../../../lambda/runtime/jobs/due-jobs';
import { DynamoDbDueJobs } from '../../../../lambda/runtime/jobs/dynamodb-due-jobs';
import { DynamoDbJobStore } from '../../../../lambda/runtime/jobs/dynamodb-job-store';
import { LeaseLostError } from '../../../../lambda/runtime/jobs/errors';
import { type Job, queuedJob } from '../../../../lambda/runtime/jobs/job';
import type { Lease } from '../../../../lambda/runtime/jobs/lease';
import { Cloud } from '../../doubles/cloud';
import { JOBS_TABLE } from '../../doubles/environment';

const JOB_ID = 'job_1';
const LEASE_MS = 1_000;
const START = Date.parse('2026-11-22T12:00:00Z');
const sealed = { wrappedKey: Buffer.from('k'), iv: Buffer.from('i'), ciphertext: Buffer.from('c') };
const usage = { inputTokens: 12, outputTokens: 6, cacheWriteTokens: 0, cacheReadTokens: 0 };
const failure = { reason: 'internal' as const };
const isDue = (status: string | undefined): boolean => status === 'queued' || status === 'running';

/** What a worker or the sweeper does next; each may act on what it saw long ago, as one that was frozen does. */
const step = fc.oneof(
  fc.record({ does: fc.constant('lease' as const), worker: fc.nat(1), redriven: fc.boolean() }),
  fc.record({
    does: fc.constantFrom('succeed' as const, 'fail' as const, 'deadLetter' as const),
    by: fc.nat(3),
  }),
  fc.record({
    does: fc.constant('release' as const),
    by: fc.nat(3),
    failed: fc.boolean(),
    delayMs: fc.constantFrom(undefined, 0, 5_000),
  }),
  fc.record({ does: fc.constant('sweep' as const), buries: fc.boolean() }),
  fc.record({ does: fc.constant('list' as const), status: fc.constantFrom<DueStatus>('queued', 'running') }),
  fc.record({ does: fc.constantFrom('claim' as const, 'bury' as const), seen: fc.nat(2) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const steps = fc.array(fc.tuple(step, fc.integer({ min: 1, max: 700 })), { minLength: 1, maxLength: 60 });

/** One job in the table, two workers with all the leases that they ever had, and a sweeper with all that it ever saw. */
class Life {
  readonly #cloud = new Cloud();
  readonly #store = new DynamoDbJobStore(new DynamoDBClient({}), JOBS_TABLE);
  readonly #dueJobs = new DynamoDbDueJobs(new DynamoDBClient({}), JOBS_TABLE);
  /** The newest first. */
  readonly #leases: { fence: number; until: number }[] = [];
  readonly #seen: DueJob[] = [];
  #leasesTaken = 0;
  nowMs = START;

  async start(): Promise<void> {
    const submitted = { clientId: 'a', requestHash: 'h', model: 'm', correlationId: 'trace-1', retentionDays: 30 };
    const reservation = { inputTokens: 1, outputTokens: 2 };
    await this.#store.create(queuedJob({ ...submitted, jobId: JOB_ID, sealedRequest: sealed, reservation }, START));
  }

  get row(): Job {
    return this.#cloud.job(JOB_ID) as unknown as Job;
  }

  get hasResult(): boolean {
    return this.#cloud.result(JOB_ID) !== undefined;
  }

  async take(next: Step): Promise<void> {
    const before = this.row;
    switch (next.does) {
      case 'lease':
        return this.#lease(before, next.worker, next.redriven);
      case 'list':
        return this.#list(next.status);
      case 'claim':
        return this.#claim(before, this.#seen[next.seen]);
      case 'bury':
        return this.#bury(this.#seen[next.seen]);
      case 'sweep':
        await this.#list('running');
        await this.#claim(before, this.#seen[0]);
        return next.buries ? this.#bury(this.#seen[0]) : undefined;
      default:
        return this.#write(before, next);
    }
  }

  async #lease(before: Job, worker: number, redriven: boolean): Promise<void> {
    this.#leasesTaken += 1;
    const owner = `worker-${worker}:${this.#leasesTaken}`;
    const request = { jobId: JOB_ID, owner, nowMs: this.nowMs, leaseMs: LEASE_MS, redriven };
    const outcome = await this.#store.lease(request);
    if (outcome.kind !== 'leased') return expect(this.row).toEqual(before);
    const [newest] = this.#leases;
    expect(outcome.job).not.toHaveProperty('resent');
    expect(outcome.job.fence).toBe((newest?.fence ?? 0) + 1);
    if (before.status === 'running') expect(newest?.until).toBeLessThan(this.nowMs);
    const dead = before.status === 'running' ? 1 : 0;
    expect(outcome.job.abandoned ?? 0).toBe((before.abandoned ?? 0) + dead);
    this.#leases.unshift({ fence: outcome.job.fence, until: this.nowMs + LEASE_MS });
  }

  /** A write counts where its job is running under the very lease, and changes nothing otherwise. */
  async #write(before: Job, next: Step & { by: number }): Promise<void> {
    const lease = this.#leases[next.by];
    if (!lease) return;
    const held = { jobId: JOB_ID, ...lease };
    const counts = before.status === 'running' && before.fence === lease.fence;
    // Written again under its own token, a success is confirmed.
    const isRepeated = next.does === 'succeed' && before.status === 'succeeded' && before.fence === lease.fence;
    if (counts || isRepeated) await this.#writeUnder(held, before, next);
    else await expect(this.#writeUnder(held, before, next)).rejects.toThrow(LeaseLostError);
    if (!counts) return expect(this.row).toEqual(before);
    if (next.does !== 'release') return;
    expect(this.row.dueAt).toBe(this.nowMs + (next.delayMs ?? 0));
    expect(this.row.abandoned).toBe(next.failed ? undefined : before.abandoned);
  }

  #writeUnder(held: Lease & { readonly until: number }, { expiresAt }: Job, next: Step): Promise<void> {
    const { nowMs } = this;
    switch (next.does) {
      case 'succeed':
        // The same words each time, as a worker writes that has had no answer.
        return this.#store.succeed(held, { usage, sealedCompletion: sealed, expiresAt, nowMs: held.until });
      case 'fail':
        return this.#store.fail(held, failure, nowMs);
      case 'deadLetter':
        return this.#store.deadLetter(held, failure, nowMs);
      case 'release':
        return this.#store.release(held, { nowMs, delayMs: next.delayMs, ...(next.failed ? { failure } : {}) });
      default:
        throw new Error(`no write: ${next.does}`);
    }
  }

  async #list(status: DueStatus): Promise<void> {
    const lists = await Promise.all(dueBuckets(status).map((bucket) => this.#dueJobs.list(bucket, this.nowMs, 10)));
    this.#seen.unshift(...lists.flat());
  }

  async #bury(seen: DueJob | undefined): Promise<void> {
    if (seen) await this.#dueJobs.bury(seen, failure, this.nowMs);
  }

  async #claim(before: Job, seen: DueJob | undefined): Promise<void> {
    if (!seen) return;
    const claimed = await this.#dueJobs.claim(seen, this.nowMs);
    if (!claimed) return expect(this.row).toEqual(before);
    if (before.status === 'running') expect(before.leaseUntil).toBeLessThan(this.nowMs);
    const wasRunning = before.status === 'running' ? 1 : 0;
    expect(claimed).toEqual({
      abandoned: (before.abandoned ?? 0) + wasRunning,
      resent: (before.resent ?? 0) + 1 - wasRunning,
    });
    this.#seen.unshift({ ...seen, status: 'queued', dueAt: this.nowMs });
  }
}

const ENDS: readonly string[] = ['succeeded', 'failed', 'dead-lettered'];

test('whatever two workers and the sweeper do, and however late: one holder, one end, and no job is forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const life = new Life();
      await life.start();
      for (const [next, pauseMs] of taken) {
        life.nowMs += pauseMs;
        const before = life.row;
        await life.take(next);
        const { row } = life;
        expect(row.fence).toBeGreaterThanOrEqual(before.fence);
        expect(row.dueAt !== undefined).toBe(isDue(row.status));
        expect(row.dueBucket?.startsWith(`${row.status}#`) ?? !isDue(row.status)).toBe(true);
        expect(row.leaseUntil).toBe(row.status === 'running' ? row.dueAt : undefined);
        expect(life.hasResult).toBe(row.status === 'succeeded');
        if (ENDS.includes(before.status) && (before.status !== 'dead-lettered' || before.abandoned)) {
          expect(row).toEqual(before);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('a run that ended in a failure clears the count of workers that died over the job; one that never began does not', async () => {
  const cloud = new Cloud();
  const store = new DynamoDbJobStore(new DynamoDBClient({}), JOBS_TABLE);
  const running = { jobId: JOB_ID, part: 'job', status: 'running', fence: 1, abandoned: 2 };
  cloud.dynamodb.put(JOBS_TABLE, running);
  await store.release({ jobId: JOB_ID, fence: 1 }, { nowMs: START });
  expect(cloud.job(JOB_ID)).toMatchObject({ status: 'queued', abandoned: 2, dueAt: START });
  cloud.dynamodb.put(JOBS_TABLE, running);
  await store.release({ jobId: JOB_ID, fence: 1 }, { nowMs: START, failure, delayMs: 30_000 });
  expect(cloud.job(JOB_ID)).toMatchObject({ status: 'queued', failure, dueAt: START + 30_000 });
  expect(cloud.job(JOB_ID)).not.toHaveProperty('abandoned');
});
