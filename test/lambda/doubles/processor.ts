import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import type { ProcessDependencies } from '../../../lambda/process-job/dependencies';
import { JobSpending } from '../../../lambda/process-job/job-spending';
import { processBatch } from '../../../lambda/process-job/process-batch';
import { settleRetries, upstreamRetries } from '../../../lambda/process-job/retry-policies';
import { ServedModels } from '../../../lambda/process-job/served-models';
import { SlowFailures } from '../../../lambda/process-job/slow-failures';
import { CircuitBreaker } from '../../../lambda/runtime/breaker/circuit-breaker';
import { DynamoDbBreakerStore } from '../../../lambda/runtime/breaker/dynamodb-breaker-store';
import { DynamoDbJobStore } from '../../../lambda/runtime/jobs/dynamodb-job-store';
import { KmsDataKeys } from '../../../lambda/runtime/sealing/kms-data-keys';
import { ApiKeyCredential } from '../../../lambda/runtime/secrets/api-key-credential';
import { SecretCache } from '../../../lambda/runtime/secrets/secret-cache';
import { upstreamKeySource } from '../../../lambda/runtime/secrets/secrets-manager-source';
import { DynamoDbServedStore } from '../../../lambda/runtime/served/dynamodb-served-store';
import { Witness } from '../../../lambda/runtime/served/witness';
import { DynamoDbLedgerStore } from '../../../lambda/runtime/spend/dynamodb-ledger-store';
import { SpendLedger } from '../../../lambda/runtime/spend/spend-ledger';
import { SqsWorkQueue } from '../../../lambda/runtime/work-queue/sqs-work-queue';
import { submitJob } from '../../../lambda/submit-job/submit-job';
import { UpstreamError } from '../../../lambda/upstream/errors';
import type { CallOptions, Completion, IUpstream } from '../../../lambda/upstream/upstream';
import { UPSTREAM_BREAKER } from '../../../lib/contract/control';
import { MetricName } from '../../../lib/contract/metrics';
import { readPriceBook } from '../../../lib/contract/price-book-reading';
import type { Cloud } from './cloud';
import {
  CONTROL_TABLE,
  DATA_KEY_ARN,
  DEAD_LETTER_QUEUE_URL,
  JOBS_TABLE,
  LEASE_MS,
  LEDGER_TABLE,
  MAX_RECEIVE_COUNT,
  OPEN_FOR_MS,
  PATIENCE_MS,
  PRICES,
  QUEUE_URL,
  UPSTREAM_SECRET,
} from './environment';
import { CLIENT_ID, PLAN, submission } from './events';

export const completion: Completion = {
  text: 'A wall that guards.',
  stopReason: 'end_turn',
  model: 'claude-sonnet-4-5-20250929',
  usage: { inputTokens: 12, outputTokens: 6, cacheWriteTokens: 0, cacheReadTokens: 0 },
};

/** Micro-USD that the completion costs. */
export const COST = 12 + 6 * 5;

export const upstreamFailure = (
  overrides: Partial<ConstructorParameters<typeof UpstreamError>[0]> = {},
): UpstreamError =>
  new UpstreamError({
    reason: 'upstream-error',
    disposition: 'retry',
    status: 500,
    firstByteArrived: true,
    ...overrides,
  });

type Answer = Completion | Error | ((options: CallOptions) => Promise<Completion>);

/** An upstream that answers as it is told, and then with a completion; counts its calls. */
export class UpstreamDouble implements IUpstream {
  readonly calls: CallOptions[] = [];
  readonly #answers: Answer[] = [];

  constructor(readonly cloud: Cloud) {}

  answer(...answers: Answer[]): void {
    this.#answers.push(...answers);
  }

  complete(_: unknown, options: CallOptions): Promise<Completion> {
    return this.cloud.perform('complete', () => {
      this.calls.push(options);
      const answer = this.#answers.shift() ?? completion;
      if (answer instanceof Error) throw answer;
      return typeof answer === 'function' ? (answer(options) as unknown as Completion) : answer;
    });
  }
}

const prices = () => readPriceBook(PRICES);

const silent = () => undefined;

/** The breaker's store answers at once here, so that its deadline never comes. */
const never = (_: number, signal?: AbortSignal) =>
  new Promise<void>((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

/** The processor with everything around it under the test's control: its clock moves only when it sleeps or is told. */
export class Processor {
  nowMs = Date.parse('2026-11-22T12:00:00Z');
  readonly upstream: UpstreamDouble;
  readonly metrics: Record<string, number> = {};
  readonly slept: number[] = [];
  budgetMs = 10_000;
  /** Milliseconds beyond five minutes for which a process uses a key that it cannot read anew; before `restart`. */
  maxStaleMs = Number.POSITIVE_INFINITY;
  #dependencies: ProcessDependencies;

  /** @param breakerFailures failures at which the breaker opens; unless given, more than a test makes */
  constructor(
    readonly cloud: Cloud,
    readonly breakerFailures = 1_000,
  ) {
    this.upstream = new UpstreamDouble(cloud);
    this.#dependencies = this.#start();
  }

  /** Accepts a job and answers its message. */
  async submit(content?: string) {
    const { id } = await submitJob(
      { clientId: CLIENT_ID, terms: PLAN, correlationId: 'trace-1', body: submission(content) },
      {
        store: this.#dependencies.store as DynamoDbJobStore,
        ledger: this.#ledger(),
        prices: prices(),
        dataKeys: new KmsDataKeys(new KMSClient({}), DATA_KEY_ARN),
        count: silent,
        countBy: silent,
        now: () => this.nowMs,
        randomBytes,
        retentionDays: 30,
      },
    );
    return { jobId: id, correlationId: 'trace-1' };
  }

  /** Starts the process anew: nothing that it held in memory is left. */
  restart(): void {
    this.#dependencies = this.#start();
  }

  process(...records: SQSRecord[]) {
    return this.processUntil(undefined, ...records);
  }

  /** As `process`, in an invocation that the signal ends. */
  processUntil(signal: AbortSignal | undefined, ...records: SQSRecord[]) {
    return processBatch(records, this.#dependencies, {
      requestId: 'invocation',
      signal,
      deadline: this.nowMs + this.budgetMs,
      logOf: () => ({ debug: silent, info: silent, warn: silent, error: silent }),
    });
  }

  readonly #count = (name: string, value = 1): void => {
    this.metrics[name] = (this.metrics[name] ?? 0) + value;
  };

  #ledger() {
    return new SpendLedger(
      new DynamoDbLedgerStore(new DynamoDBClient({}), LEDGER_TABLE),
      {},
      { random: () => 0.5, sleep: async () => undefined },
    );
  }

  #start(): ProcessDependencies {
    const now = () => this.nowMs;
    const random = () => 0.5;
    const sleep = async (ms: number) => {
      this.slept.push(ms);
      this.nowMs += ms;
    };
    const tools = { now, random, sleep };
    const breakerStore = new DynamoDbBreakerStore(new DynamoDBClient({}), CONTROL_TABLE);
    return {
      store: new DynamoDbJobStore(new DynamoDBClient({}), JOBS_TABLE),
      dataKeys: new KmsDataKeys(new KMSClient({}), DATA_KEY_ARN),
      queue: new SqsWorkQueue(new SQSClient({}), QUEUE_URL),
      deadLetterQueue: new SqsWorkQueue(new SQSClient({}), DEAD_LETTER_QUEUE_URL),
      breaker: new CircuitBreaker(
        { failures: this.breakerFailures, openForMs: OPEN_FOR_MS, maxOpenForMs: 2 * OPEN_FOR_MS, store: breakerStore },
        { now, random, sleep: never },
      ),
      breakerStore,
      patienceMs: PATIENCE_MS,
      openForMs: OPEN_FOR_MS,
      slowFailures: new SlowFailures(),
      servedModels: new ServedModels(),
      witness: new Witness({
        upstream: UPSTREAM_BREAKER,
        store: new DynamoDbServedStore(new DynamoDBClient({}), CONTROL_TABLE),
        now,
      }),
      upstream: this.upstream,
      upstreamCredential: new ApiKeyCredential(
        new SecretCache({
          load: upstreamKeySource(new SecretsManagerClient({}), UPSTREAM_SECRET),
          maxStaleMs: this.maxStaleMs,
          now,
          random,
          onRenewal: () => this.#count(MetricName.CREDENTIAL_RENEWALS),
        }),
      ),
      spending: new JobSpending({
        ledger: this.#ledger(),
        prices: prices(),
        retries: settleRetries(tools),
        count: this.#count,
      }),
      count: this.#count,
      now,
      random,
      upstreamRetries: upstreamRetries('unlimited', tools),
      settleRetries: settleRetries(tools),
      leaseMs: LEASE_MS,
      maxReceiveCount: MAX_RECEIVE_COUNT,
    };
  }
}
