import '../doubles/environment';
import fc from 'fast-check';
import type { Completion } from '../../../lambda/upstream/upstream';
import { JOBS_TABLE, MAX_RECEIVE_COUNT } from '../doubles/environment';
import { sqsRecord } from '../doubles/events';
import { completion } from '../doubles/processor';
import { SweepWorld } from '../sweep-leases/sweep-world';

const SWEEP_MS = 60_000;
/** Six times the processor's timeout. */
const VISIBILITY_MS = 180_000;
const KILLER = 'kill';

interface Message {
  readonly id: string;
  readonly body: string;
  readonly receives: number;
  readonly visibleAt: number;
}

const contentOf = (submission: unknown): string =>
  (submission as { messages: readonly { content: string }[] }).messages[0]?.content ?? '';

/** The work queue, one worker at a time and the sweeper, by one clock; one of the jobs kills whatever runs it. */
class Fleet {
  readonly world = new SweepWorld();
  readonly jobs: string[] = [];
  killer = '';
  deaths = 0;
  /** Most workers that each job was taken for the death of. */
  readonly mostAbandoned = new Map<string, number>();
  readonly movedByQueue: string[] = [];
  #messages: Message[] = [];
  #sent = 0;

  constructor(
    readonly batchSize: number,
    readonly random: () => number,
  ) {
    const { cloud, processor } = this.world;
    processor.upstream.complete = async (submission): Promise<Completion> => {
      await this.#pause();
      return cloud.perform('complete', async () => {
        if (contentOf(submission) !== KILLER) return completion;
        cloud.crash({ atStep: 1, when: 'before' });
        throw new Error('killed');
      });
    };
  }

  async submit(neighbours: number): Promise<void> {
    const { processor } = this.world;
    for (let job = 0; job <= neighbours; job += 1) {
      const message = await processor.submit(job === 0 ? KILLER : `job ${job}`);
      this.jobs.push(message.jobId);
      this.#send(JSON.stringify(message), 0);
    }
    this.killer = this.jobs[0] ?? '';
  }

  row(jobId: string) {
    return this.world.cloud.job(jobId);
  }

  get isDone(): boolean {
    return this.jobs.every((jobId) => this.row(jobId)?.completedAt !== undefined);
  }

  /** One minute: the worker takes batches while there are any, and the sweeper looks once. */
  async minute(): Promise<void> {
    for (let batch = this.#receive(); batch.length > 0; batch = this.#receive()) await this.#work(batch);
    this.world.processor.nowMs += SWEEP_MS;
    await this.world.run();
    this.#deliver();
    for (const jobId of this.jobs) {
      const abandoned = Number(this.row(jobId)?.abandoned ?? 0);
      this.mostAbandoned.set(jobId, Math.max(abandoned, this.mostAbandoned.get(jobId) ?? 0));
    }
  }

  async #pause(): Promise<void> {
    for (let tick = Math.floor(this.random() * 20); tick > 0; tick -= 1) await Promise.resolve();
  }

  #send(body: string, delaySeconds: number): void {
    this.#sent += 1;
    const visibleAt = this.world.processor.nowMs + delaySeconds * 1_000;
    this.#messages.push({ id: `message-${this.#sent}`, body, receives: 0, visibleAt });
  }

  /** Puts into the queue what the processor and the sweeper have sent. */
  #deliver(): void {
    for (const { MessageBody = '', DelaySeconds = 0 } of this.world.cloud.sent.splice(0)) {
      this.#send(MessageBody, DelaySeconds);
    }
  }

  /** Some of the messages that can be received, in any order; those that were received too often are moved. */
  #receive(): readonly Message[] {
    const now = this.world.processor.nowMs;
    const visible = this.#messages.filter(({ visibleAt }) => visibleAt <= now);
    const moved = visible.filter(({ receives }) => receives >= MAX_RECEIVE_COUNT);
    this.movedByQueue.push(...moved.map(({ body }) => JSON.parse(body).jobId));
    const batch = visible
      .filter((message) => !moved.includes(message))
      .map((message) => ({ message, order: this.random() }))
      .sort((a, b) => a.order - b.order)
      .slice(0, this.batchSize)
      .map(({ message }) => ({ ...message, receives: message.receives + 1, visibleAt: now + VISIBILITY_MS }));
    const received = new Map(batch.map((message) => [message.id, message]));
    this.#messages = this.#messages
      .filter((message) => !moved.includes(message))
      .map((message) => received.get(message.id) ?? message);
    return batch;
  }

  async #work(batch: readonly Message[]): Promise<void> {
    const { cloud, processor } = this.world;
    const records = batch.map(({ id, body, receives }) => sqsRecord(body, { messageId: id, receives }));
    const { batchItemFailures } = await processor.process(...records);
    if (cloud.revive()) {
      this.deaths += 1;
      processor.restart();
      return;
    }
    const kept = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    const inBatch = new Set(batch.map(({ id }) => id));
    this.#messages = this.#messages
      .filter(({ id }) => !inBatch.has(id) || kept.has(id))
      .map((message) => {
        const seconds = cloud.delays.get(`receipt-${message.id}-${message.receives}`);
        return kept.has(message.id) && seconds !== undefined
          ? { ...message, visibleAt: processor.nowMs + seconds * 1_000 }
          : message;
      });
    this.#deliver();
  }
}

const chances = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));

test('a job that kills its workers is given up alone: every job that shares its batches succeeds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 10 }), fc.nat(8), chances, async (batchSize, neighbours, chance) => {
      const fleet = new Fleet(batchSize, () => chance.next().value);
      await fleet.submit(neighbours);
      for (let minutes = 0; !fleet.isDone && minutes < 60; minutes += 1) await fleet.minute();
      const [killer, ...others] = fleet.jobs.map((jobId) => fleet.row(jobId));
      expect(killer).toMatchObject({ status: 'dead-lettered', failure: { detail: 'abandoned by 6 workers' } });
      expect(others.map((row) => row?.status)).toEqual(others.map(() => 'succeeded'));
      expect(fleet.deaths).toBe(6);
      // A neighbour dies with it once at most: before anybody can know.
      for (const jobId of fleet.jobs.slice(1)) expect(fleet.mostAbandoned.get(jobId)).toBeLessThanOrEqual(1);
      expect(fleet.movedByQueue).toEqual([]);
    }),
    { numRuns: 40 },
  );
}, 30_000);

test('a job whose turn comes too late has another worker by a copy of its message, and loses neither receive nor count', async () => {
  const { cloud, processor } = new SweepWorld();
  const suspect = await processor.submit();
  const slow = await processor.submit();
  cloud.dynamodb.put(JOBS_TABLE, { ...cloud.job(suspect.jobId), abandoned: 1 });
  processor.upstream.answer(async () => {
    processor.nowMs += 6_000;
    return completion;
  });
  const record = sqsRecord(suspect, { messageId: 'suspect', receives: MAX_RECEIVE_COUNT });
  const attributes = { ...record.attributes, SentTimestamp: String(processor.nowMs) };
  const outcome = await processor.process({ ...record, attributes }, sqsRecord(slow, { messageId: 'slow' }));
  expect(outcome).toEqual({ batchItemFailures: [] });
  expect(cloud.job(slow.jobId)).toMatchObject({ status: 'succeeded' });
  expect(cloud.job(suspect.jobId)).toMatchObject({ status: 'queued', abandoned: 1, upstreamCalls: 0 });
  expect(cloud.sent).toMatchObject([{ MessageBody: JSON.stringify(suspect), DelaySeconds: 30 }]);
});
