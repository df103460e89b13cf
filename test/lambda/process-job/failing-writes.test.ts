import '../doubles/environment';
import type { SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { ProblemError } from '../../../lambda/runtime/problems/errors';
import { Problem } from '../../../lib/contract/problems';
import { seededRandom } from '../../promises/fleet/seeded-random';
import { LEASE_MS, MAX_RECEIVE_COUNT } from '../doubles/environment';
import { CLIENT_ID, sqsRecord } from '../doubles/events';
import { completion, UpstreamDouble } from '../doubles/processor';
import { SweepWorld } from '../sweep-leases/sweep-world';

const MINUTE = 60_000;
const OUTAGE_MS = 120 * MINUTE;
const VISIBILITY_MS = 180_000;

interface Message {
  readonly id: string;
  readonly entry: SendMessageBatchRequestEntry;
  readonly sentAt: number;
  receives: number;
  visibleAt: number;
}

const recordOf = ({ id, entry, sentAt, receives }: Message): SQSRecord => {
  const record = sqsRecord(JSON.parse(entry.MessageBody ?? ''), { messageId: id, receives });
  const attributes = Object.entries(entry.MessageAttributes ?? {}).map(([name, { DataType, StringValue }]) => [
    name,
    { dataType: DataType, stringValue: StringValue },
  ]);
  Object.assign(record.attributes, { SentTimestamp: String(sentAt), MessageGroupId: entry.MessageGroupId });
  return { ...record, messageAttributes: Object.fromEntries(attributes) };
};

/** A job a minute, one worker, the work queue and the sweeper, with a table that takes writes by chance. */
class Scene {
  readonly world = new SweepWorld();
  readonly jobs: string[] = [];
  readonly movedByQueue: string[] = [];
  #messages: Message[] = [];
  #sent = 0;

  constructor(isRefused: (elapsedMs: number) => boolean) {
    const { cloud, processor } = this.world;
    const startedAt = processor.nowMs;
    const write = () => {
      if (isRefused(processor.nowMs - startedAt)) throw new Error('throttled');
    };
    cloud.dynamodb.beforeUpdate = write;
    cloud.dynamodb.beforeTransaction = write;
  }

  row(jobId: string) {
    return this.world.cloud.job(jobId);
  }

  async minute(arrives: boolean): Promise<void> {
    const { cloud, processor } = this.world;
    if (arrives) {
      const message = await this.#submit();
      this.jobs.push(message.jobId);
      cloud.sent.push({ Id: '0', MessageBody: JSON.stringify(message), MessageGroupId: CLIENT_ID });
    }
    const endsAt = processor.nowMs + MINUTE;
    while (processor.nowMs < endsAt) {
      this.#deliver();
      const message = this.#messages.find(({ visibleAt }) => visibleAt <= processor.nowMs);
      if (message) await this.#receive(message);
      else processor.nowMs += 1_000;
    }
    await this.world.run();
  }

  /** A client that is told to come again does so at once, until its job is accepted. */
  async #submit() {
    for (;;) {
      try {
        return await this.world.processor.submit();
      } catch (error) {
        if (!(error instanceof ProblemError) || error.kind !== Problem.LEDGER_UNAVAILABLE) throw error;
      }
    }
  }

  #deliver(): void {
    const { cloud, processor } = this.world;
    for (const entry of cloud.sent.splice(0)) {
      this.#sent += 1;
      const visibleAt = processor.nowMs + (entry.DelaySeconds ?? 0) * 1_000;
      this.#messages.push({ id: `message-${this.#sent}`, entry, sentAt: processor.nowMs, receives: 0, visibleAt });
    }
  }

  async #receive(message: Message): Promise<void> {
    const { cloud, processor } = this.world;
    const leave = () => {
      this.#messages = this.#messages.filter(({ id }) => id !== message.id);
    };
    if (message.receives >= MAX_RECEIVE_COUNT) {
      this.movedByQueue.push(message.id);
      return leave();
    }
    message.receives += 1;
    message.visibleAt = processor.nowMs + VISIBILITY_MS;
    const record = recordOf(message);
    const { batchItemFailures } = await processor.process(record);
    if (batchItemFailures.length === 0) return leave();
    const seconds = cloud.delays.get(record.receiptHandle);
    if (seconds !== undefined) message.visibleAt = processor.nowMs + seconds * 1_000;
  }
}

test.each([0.5, 0.7])(
  'of writes that fail with a chance of %p for two hours no good job is given up',
  async (chance) => {
    const random = seededRandom(7);
    const scene = new Scene((elapsedMs) => elapsedMs < OUTAGE_MS && random() < chance);
    for (let minutes = 0; minutes < 180; minutes += 1) await scene.minute(minutes < 120);
    const states = scene.jobs.map((jobId) => scene.row(jobId)?.status);
    expect(states).toEqual(states.map(() => 'succeeded'));
    expect(scene.world.cloud.deadLettered).toEqual([]);
    expect(scene.movedByQueue).toEqual([]);
  },
  60_000,
);

describe('a worker that cannot write', () => {
  const leaseThenFail = async () => {
    const world = new SweepWorld();
    const message = await world.processor.submit();
    let updates = 0;
    world.cloud.dynamodb.beforeUpdate = () => {
      updates += 1;
      if (updates > 1) throw new Error('throttled');
    };
    const record = sqsRecord(message, { messageId: 'first' });
    Object.assign(record.attributes, { SentTimestamp: String(world.processor.nowMs), MessageGroupId: CLIENT_ID });
    await world.processor.process(record);
    world.cloud.dynamodb.beforeUpdate = () => undefined;
    const [entry] = world.cloud.sent;
    if (!entry) throw new Error('no copy was sent');
    const copy = recordOf({ id: 'copy', entry, sentAt: world.processor.nowMs, receives: 1, visibleAt: 0 });
    world.processor.nowMs += LEASE_MS + 1;
    world.processor.upstream.complete = async () => {
      abandoned = world.cloud.job(message.jobId)?.abandoned;
      return completion;
    };
    return { world, message, copy };
  };
  let abandoned: unknown;

  test('is known to live by the copy that it sends: who takes its job over does not count it as dead', async () => {
    const { world, message, copy } = await leaseThenFail();
    await world.processor.process(copy);
    expect(abandoned).toBeUndefined();
    expect(world.cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', fence: 2 });
  });

  test('counts as dead for a message that knows nothing of it', async () => {
    const { world, message } = await leaseThenFail();
    await world.processor.process(sqsRecord(message));
    expect(abandoned).toBe(1);
  });

  test('says nothing of a worker that took the job over since, and died', async () => {
    const { world, message, copy } = await leaseThenFail();
    const { complete } = world.processor.upstream;
    world.processor.upstream.complete = UpstreamDouble.prototype.complete;
    await world.abandon(message);
    world.processor.upstream.complete = complete;
    world.processor.nowMs += LEASE_MS + 1;
    await world.processor.process(copy);
    expect(abandoned).toBe(2);
  });
});
