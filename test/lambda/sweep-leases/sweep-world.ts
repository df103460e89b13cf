import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { MemoryBreakerStore } from '../../../lambda/runtime/breaker/memory-breaker-store';
import type { ConsumerState } from '../../../lambda/runtime/consumer-control/consumer';
import { DynamoDbDueJobs } from '../../../lambda/runtime/jobs/dynamodb-due-jobs';
import { DynamoDbJobStore } from '../../../lambda/runtime/jobs/dynamodb-job-store';
import { DynamoDbLedgerStore } from '../../../lambda/runtime/spend/dynamodb-ledger-store';
import { isJobAlive } from '../../../lambda/runtime/spend/job-leases';
import { SpendLedger } from '../../../lambda/runtime/spend/spend-ledger';
import { SqsWorkQueue } from '../../../lambda/runtime/work-queue/sqs-work-queue';
import type { SweepDependencies } from '../../../lambda/sweep-leases/dependencies';
import { sweep } from '../../../lambda/sweep-leases/sweep';
import type { SweepResult } from '../../../lambda/sweep-leases/sweep-jobs';
import type { HoldRow } from '../../../lib/contract/consumer-hold';
import type { ControlMessage } from '../../../lib/contract/messages';
import { Cloud } from '../doubles/cloud';
import {
  DEAD_LETTER_QUEUE_URL,
  JOBS_TABLE,
  LEASE_MS,
  LEDGER_TABLE,
  MAX_CONCURRENCY,
  QUEUE_RETENTION_MS,
  QUEUE_URL,
  STEP_SECONDS,
  STUCK_AFTER_MS,
} from '../doubles/environment';
import { sqsRecord } from '../doubles/events';
import { Processor } from '../doubles/processor';

const silent = () => undefined;

/** Past the end of a lease, and past the time for which its worker may merely have another clock. */
export const ABANDONED_AFTER_MS = LEASE_MS + 60_001;

export const swept = (resent: number, buried = 0, failed = 0): SweepResult => ({ resent, buried, failed });

/** The sweeper with everything around it under the test's control, and a processor that runs what it sends. */
export class SweepWorld {
  readonly cloud = new Cloud();
  readonly processor = new Processor(this.cloud);
  readonly store = new MemoryBreakerStore();
  consumer: ConsumerState = { isEnabled: true, concurrency: MAX_CONCURRENCY };
  /** What keeps the consumer paused on purpose. */
  held: HoldRow | undefined;
  readonly reminders: ControlMessage[] = [];
  readonly metrics: Record<string, number> = {};
  readonly gauges: Record<string, number> = {};

  get dependencies(): SweepDependencies {
    return {
      store: this.store,
      dueJobs: new DynamoDbDueJobs(new DynamoDBClient({}), JOBS_TABLE),
      workQueue: new SqsWorkQueue(new SQSClient({}), QUEUE_URL),
      deadLetterQueue: new SqsWorkQueue(new SQSClient({}), DEAD_LETTER_QUEUE_URL),
      ledger: new SpendLedger(new DynamoDbLedgerStore(new DynamoDBClient({}), LEDGER_TABLE)),
      isJobAlive: isJobAlive(new DynamoDbJobStore(new DynamoDBClient({}), JOBS_TABLE)),
      consumer: { read: async () => this.consumer },
      hold: { read: async () => this.held },
      controlQueue: { send: async (message) => void this.reminders.push(message) },
      count: (name, value = 1) => {
        this.metrics[name] = (this.metrics[name] ?? 0) + value;
      },
      gaugeSeconds: (name, seconds) => {
        this.gauges[name] = seconds;
      },
      log: { debug: silent, info: silent, warn: silent, error: silent },
      now: () => this.processor.nowMs,
      stuckAfterMs: STUCK_AFTER_MS,
      queueRetentionMs: QUEUE_RETENTION_MS,
      maxConcurrency: MAX_CONCURRENCY,
      stepSeconds: STEP_SECONDS,
    };
  }

  run(overrides: Partial<SweepDependencies> = {}): Promise<SweepResult> {
    return sweep({ ...this.dependencies, ...overrides });
  }

  sentJobs(): string[] {
    return this.cloud.sent.map(({ MessageBody }) => JSON.parse(MessageBody ?? '').jobId);
  }

  /** A worker that dies over the job. */
  async abandon(message: { jobId: string }): Promise<void> {
    this.processor.upstream.answer(async () => {
      this.cloud.crash({ atStep: 1, when: 'before' });
      throw new Error('killed');
    });
    await this.processor.process(sqsRecord(message));
    this.cloud.revive();
    this.processor.restart();
  }
}
