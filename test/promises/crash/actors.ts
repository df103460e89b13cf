import type { DynamoDBRecord } from 'aws-lambda';
import type { ProcessDependencies } from '../../../lambda/process-job/dependencies';
import { JobSpending } from '../../../lambda/process-job/job-spending';
import { processBatch } from '../../../lambda/process-job/process-batch';
import { settleRetries, upstreamRetries } from '../../../lambda/process-job/retry-policies';
import { ServedModels } from '../../../lambda/process-job/served-models';
import { SlowFailures } from '../../../lambda/process-job/slow-failures';
import { relayOutbox } from '../../../lambda/relay-outbox/relay-outbox';
import { BREAKER_DEFAULTS } from '../../../lambda/runtime/breaker/breaker-options';
import { CircuitBreaker } from '../../../lambda/runtime/breaker/circuit-breaker';
import { DynamoDbBreakerStore } from '../../../lambda/runtime/breaker/dynamodb-breaker-store';
import { DynamoDbConsumerHold } from '../../../lambda/runtime/consumer-control/dynamodb-consumer-hold';
import { DynamoDbDueJobs } from '../../../lambda/runtime/jobs/dynamodb-due-jobs';
import { DynamoDbJobStore } from '../../../lambda/runtime/jobs/dynamodb-job-store';
import { RetryBudget } from '../../../lambda/runtime/retry/retry-budget';
import { DynamoDbServedStore } from '../../../lambda/runtime/served/dynamodb-served-store';
import { Witness } from '../../../lambda/runtime/served/witness';
import { DynamoDbLedgerStore } from '../../../lambda/runtime/spend/dynamodb-ledger-store';
import { isJobAlive, JOB_LEASE_MS } from '../../../lambda/runtime/spend/job-leases';
import { SpendLedger } from '../../../lambda/runtime/spend/spend-ledger';
import { submitJob } from '../../../lambda/submit-job/submit-job';
import { sweep } from '../../../lambda/sweep-leases/sweep';
import { UPSTREAM_BREAKER } from '../../../lib/contract/control';
import { readPriceBook } from '../../../lib/contract/price-book-reading';
import type { QueuedMessage } from '../fleet/queue-model';
import { recordOf } from '../fleet/sqs-record';
import { type CloudModel, CONTROL, JOBS, LEDGER, MAX_RECEIVE_COUNT } from './cloud-model';
import type { FaultyUpstream } from './faulty-upstream';
import type { MortalProcess } from './mortal-process';

const SECOND = 1_000;
const BUDGET_MS = 55 * SECOND;
export const LEASE_MS = 65 * SECOND;
const PATIENCE_MS = 24 * 3_600 * SECOND;
const STREAM_BATCH = 25;
const CLIENT_ID = 'client';
const KEY = { kind: 'api-key', value: 'key' } as const;

const silent = () => undefined;
const LOG = { debug: silent, info: silent, warn: silent, error: silent };

/** Terms that refuse nothing. */
const TERMS = { name: 'standard', requestsPerSecond: 1_000, burst: 1_000 };

const PRICES = readPriceBook({
  models: {
    model: [{ validFrom: '1970-01-01T00:00Z', input: '1', output: '5', cacheRead: '0.1', cacheWrite: '1.25' }],
  },
});

const ledgerOf = (cloud: CloudModel, process: MortalProcess) =>
  new SpendLedger(
    new DynamoDbLedgerStore(cloud.tablesOf(process), LEDGER),
    { leaseMs: JOB_LEASE_MS },
    { random: cloud.random, sleep: cloud.time.sleep },
  );

export interface Surroundings {
  readonly cloud: CloudModel;
  readonly upstream: FaultyUpstream;
  /** Starts a process for a role; it lives until it dies, or the invocation that it was made for ends. */
  readonly start: (role: string) => MortalProcess;
}

/** A client that asks again, with the same idempotency key, until it holds a 202; answers the job's id. */
export async function submitUntilAccepted(name: string, { cloud, start }: Surroundings): Promise<string> {
  for (;;) {
    const process = start('submit');
    const accepted = submitJob(
      {
        clientId: CLIENT_ID,
        terms: TERMS,
        correlationId: name,
        idempotencyKey: name,
        body: { model: 'model', max_tokens: 16, messages: [{ role: 'user', content: name }] },
      },
      {
        store: new DynamoDbJobStore(cloud.tablesOf(process), JOBS),
        ledger: ledgerOf(cloud, process),
        prices: PRICES,
        dataKeys: cloud.dataKeysOf(process),
        count: silent,
        countBy: silent,
        now: cloud.time.now,
        randomBytes: (size) => new Uint8Array(size).map(() => Math.floor(cloud.random() * 256)),
        retentionDays: 30,
      },
    );
    const answer = await Promise.race([accepted.catch(silent), process.died]);
    if (answer) return answer.id;
    await cloud.time.sleep(SECOND);
  }
}

/** Brings the stream to the queue, from where it stopped the last time. */
export class RelayActor {
  #sent = 0;

  constructor(readonly surroundings: Surroundings) {}

  async run(): Promise<never> {
    const { cloud, start } = this.surroundings;
    for (;;) {
      const images = cloud.stream.slice(this.#sent, this.#sent + STREAM_BATCH);
      if (images.length > 0) await this.#relay(images, start('relay'));
      await cloud.time.sleep(200);
    }
  }

  async #relay(images: readonly object[], process: MortalProcess): Promise<void> {
    const first = this.#sent;
    const records = images.map(
      (NewImage, index) =>
        ({ eventName: 'INSERT', dynamodb: { SequenceNumber: String(first + index), NewImage } }) as DynamoDBRecord,
    );
    const queue = this.surroundings.cloud.queueOf(process);
    const answer = await Promise.race([relayOutbox(records, { queue, count: silent, log: LOG }), process.died]);
    // A relay that died has said nothing: the stream comes again from where it began.
    if (answer) this.#sent = Number(answer.batchItemFailures[0]?.itemIdentifier ?? first + images.length);
  }
}

/** One sandbox of the processor: polls, handles a batch, and is replaced when it has died. */
export class WorkerActor {
  #process: MortalProcess | undefined;
  #dependencies: ProcessDependencies | undefined;
  #received = new Map<string, QueuedMessage>();

  constructor(
    readonly surroundings: Surroundings,
    readonly batchSize: number,
    /** Whether it is the one that probes while the others are paused. */
    readonly isFirst: boolean,
  ) {}

  async run(): Promise<never> {
    const { cloud } = this.surroundings;
    for (;;) {
      const messages = cloud.mayReceive(this.isFirst) ? this.#receive() : [];
      if (messages.length > 0) await this.#handle(messages);
      await cloud.time.sleep(messages.length > 0 ? 20 : 250);
    }
  }

  #receive(): QueuedMessage[] {
    const messages: QueuedMessage[] = [];
    while (messages.length < this.batchSize) {
      const message = this.surroundings.cloud.queue.receive();
      if (!message) break;
      messages.push(message);
    }
    return messages;
  }

  async #handle(messages: readonly QueuedMessage[]): Promise<void> {
    const { cloud, start } = this.surroundings;
    if (!this.#process || this.#process.isDead || !this.#dependencies) {
      this.#process = start('process');
      this.#dependencies = this.#dependenciesOf(this.#process);
    }
    const records = messages.map(recordOf);
    this.#received = new Map(
      records.map(({ receiptHandle }, index) => [receiptHandle, messages[index] as QueuedMessage]),
    );
    const receipts = messages.map(({ receipt }) => receipt);
    // Hidden from now on, whatever becomes of the process.
    for (const message of messages) cloud.queue.leave(message);
    const handled = processBatch(records, this.#dependencies, {
      requestId: 'invocation',
      deadline: cloud.time.now() + BUDGET_MS,
      logOf: () => LOG,
    });
    const answer = await Promise.race([handled, this.#process.died]);
    if (!answer) return;
    const kept = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const [index, message] of messages.entries()) {
      if (!kept.has(records[index]?.messageId ?? '') && message.receipt === receipts[index])
        cloud.queue.delete(message);
    }
  }

  #dependenciesOf(process: MortalProcess): ProcessDependencies {
    const { cloud, upstream } = this.surroundings;
    const { time, random } = cloud;
    const { now, sleep } = time;
    const tables = cloud.tablesOf(process);
    const breakerStore = new DynamoDbBreakerStore(tables, CONTROL);
    return {
      store: new DynamoDbJobStore(tables, JOBS),
      dataKeys: cloud.dataKeysOf(process),
      queue: {
        ...cloud.queueOf(process),
        returnAfter: (handle, seconds) =>
          process.perform('ChangeMessageVisibility', () => {
            const message = this.#received.get(handle);
            if (message) cloud.queue.returnAfter(message, message.receipt, seconds * SECOND);
          }),
      },
      deadLetterQueue: cloud.deadLetterQueueOf(process),
      patienceMs: PATIENCE_MS,
      openForMs: BREAKER_DEFAULTS.openForMs,
      slowFailures: new SlowFailures(),
      servedModels: new ServedModels(),
      witness: new Witness({ upstream: UPSTREAM_BREAKER, store: new DynamoDbServedStore(tables, CONTROL), now }),
      breaker: new CircuitBreaker({ store: breakerStore }, { now, random, sleep }),
      breakerStore,
      spending: new JobSpending({
        ledger: ledgerOf(cloud, process),
        prices: PRICES,
        retries: settleRetries({ now, random, sleep }),
        count: silent,
      }),
      upstream: upstream.asSeenBy(process),
      upstreamCredential: {
        get: () => process.perform('GetSecretValue', () => KEY),
        renew: () => process.perform('GetSecretValue', () => KEY),
      },
      count: silent,
      now,
      random,
      upstreamRetries: upstreamRetries(new RetryBudget(), { now, random, sleep }),
      settleRetries: settleRetries({ now, random, sleep }),
      leaseMs: LEASE_MS,
      maxReceiveCount: MAX_RECEIVE_COUNT,
    };
  }
}

/** Sweeps once a minute, each time in a process of its own; answers how many jobs it sent again so far. */
export class SweepActor {
  resent = 0;

  constructor(
    readonly surroundings: Surroundings,
    readonly workers: number,
  ) {}

  async run(): Promise<never> {
    const { cloud, start } = this.surroundings;
    for (;;) {
      await cloud.time.sleep(60 * SECOND);
      const process = start('sweep');
      const swept = sweep(this.#dependenciesOf(process)).catch(silent);
      const result = await Promise.race([swept, process.died]);
      this.resent += result?.resent ?? 0;
    }
  }

  #dependenciesOf(process: MortalProcess): Parameters<typeof sweep>[0] {
    const { cloud } = this.surroundings;
    const tables = cloud.tablesOf(process);
    return {
      store: new DynamoDbBreakerStore(tables, CONTROL),
      dueJobs: new DynamoDbDueJobs(tables, JOBS),
      ledger: ledgerOf(cloud, process),
      isJobAlive: isJobAlive(new DynamoDbJobStore(tables, JOBS)),
      workQueue: cloud.queueOf(process),
      deadLetterQueue: cloud.deadLetterQueueOf(process),
      consumer: {
        read: () => process.perform('GetEventSourceMapping', () => ({ isEnabled: true, concurrency: this.workers })),
      },
      hold: new DynamoDbConsumerHold(tables, CONTROL),
      controlQueue: { send: () => process.perform('SendMessage', silent) },
      count: silent,
      gaugeSeconds: silent,
      log: LOG,
      now: cloud.time.now,
      stuckAfterMs: 15 * 60 * SECOND,
      queueRetentionMs: 4 * 86_400 * SECOND,
      maxConcurrency: this.workers,
      stepSeconds: 30,
    };
  }
}
