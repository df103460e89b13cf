import {
  type AttributeValue,
  DynamoDBClient,
  type PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { Random } from '../../../lambda/runtime/clock/clock';
import type { IDataKeys } from '../../../lambda/runtime/sealing/data-keys';
import { totalOf } from '../../../lambda/runtime/spend/parts';
import type { ReservationRow } from '../../../lambda/runtime/spend/reservation';
import type { IWorkQueue } from '../../../lambda/runtime/work-queue/work-queue';
import {
  type BreakerRow,
  BreakerStatus,
  breakerRowName,
  ControlTable,
  UPSTREAM_BREAKER,
} from '../../../lib/contract/control';
import { LEDGER_SETTINGS_KEY, LedgerTable, reservationKey } from '../../../lib/contract/ledger';
import { FIRST_QUEUED_AT, LIVING_OWNER } from '../../../lib/contract/messages';
import { JobsTable } from '../../../lib/contract/tables';
import { DynamoDbDouble } from '../../lambda/doubles/dynamodb';
import { QueueModel } from '../fleet/queue-model';
import type { VirtualTime } from '../fleet/virtual-time';
import type { MortalProcess } from './mortal-process';

export const JOBS = 'jobs';
export const CONTROL = 'control';
export const LEDGER = 'ledger';
const DATA_KEY = new Uint8Array(32).fill(7);
const VISIBILITY_MS = 360_000;
export const MAX_RECEIVE_COUNT = 5;
/** Share of the messages that the queue does not take at the first try. */
const REFUSED = 0.01;
/** Calls after which the mock's memory of them is emptied. */
const CALLS_REMEMBERED = 5_000;

type Item = Record<string, AttributeValue>;

/** The services around the handlers, in memory: the tables evaluate the very expressions that are sent. */
export class CloudModel {
  readonly queue: QueueModel;
  /** New images of the jobs table's stream. */
  readonly stream: Item[] = [];
  /** Results that were written, by job. */
  readonly results = new Map<string, number>();
  /** Told of each result as it is written. */
  onResult: (jobId: string, process: MortalProcess) => void = () => undefined;
  readonly #tables: DynamoDbDouble;
  readonly #client = new DynamoDBClient({ region: 'eu-central-1' });
  /** Tokens of the transactions that were made: one that comes again is confirmed, and writes nothing. */
  readonly #transactions = new Set<string>();
  #calls = 0;

  constructor(
    readonly time: VirtualTime,
    readonly random: Random,
  ) {
    this.queue = new QueueModel(time, { visibilityMs: VISIBILITY_MS, maxReceiveCount: MAX_RECEIVE_COUNT });
    this.#tables = new DynamoDbDouble(
      {
        [JOBS]: [JobsTable.PARTITION_KEY, JobsTable.SORT_KEY],
        [CONTROL]: [ControlTable.PARTITION_KEY],
        [LEDGER]: [LedgerTable.PARTITION_KEY],
      },
      async (_name, work) => work(),
    );
    this.#tables.put(LEDGER, { key: LEDGER_SETTINGS_KEY, version: 1, deployed: {}, override: {} });
  }

  /** A job's row. */
  job(jobId: string): Record<string, unknown> | undefined {
    return this.#tables.row(JOBS, jobId, JobsTable.JOB_PART);
  }

  /** What the ledger has of a job: micro-USD that are settled, and those of calls whose outcome it was not told. */
  spending(jobId: string): { readonly spent: number; readonly unknown: number } {
    const row = this.#tables.row(LEDGER, reservationKey(jobId)) as unknown as ReservationRow | undefined;
    const { used = [], calls = [] } = row ?? {};
    return { spent: totalOf(used), unknown: totalOf(calls.flatMap(({ parts }) => parts)) };
  }

  hasResult(jobId: string): boolean {
    return this.#tables.row(JOBS, jobId, JobsTable.RESULT_PART) !== undefined;
  }

  /**
   * Whether the consumer may receive: as the controller has it, all of it while the breaker is closed, and one message
   * at a time once a probe may run.
   */
  mayReceive(isFirst: boolean): boolean {
    const row = this.#tables.row(CONTROL, breakerRowName(UPSTREAM_BREAKER)) as BreakerRow | undefined;
    if (!row || row.status === BreakerStatus.CLOSED) return true;
    return isFirst && this.time.now() >= Math.max(row.openUntil ?? 0, row.probeUntil ?? 0);
  }

  /** The tables as one process reaches them: each call is a step at which it may die. */
  tablesOf(process: MortalProcess): DynamoDBClient {
    const send = (command: PutItemCommand) =>
      process.perform(command.constructor.name, async () => {
        if (command instanceof QueryCommand) return this.#query(command);
        const answer = await this.#client.send(command);
        this.#observe(command, process);
        return answer;
      });
    return { send } as unknown as DynamoDBClient;
  }

  dataKeysOf(process: MortalProcess): IDataKeys {
    return {
      generate: () => process.perform('GenerateDataKey', () => ({ plaintext: DATA_KEY, wrapped: DATA_KEY })),
      unwrap: () => process.perform('Decrypt', () => DATA_KEY),
    };
  }

  queueOf(process: MortalProcess): Pick<IWorkQueue, 'send' | 'depth'> {
    return {
      send: (messages) =>
        process.perform('SendMessageBatch', () => {
          const refused = messages.map((_, position) => position).filter(() => this.random() < REFUSED);
          for (const [position, { message, delaySeconds = 0, firstQueuedAt, livingOwner }] of messages.entries()) {
            if (refused.includes(position)) continue;
            const attributes: Record<string, string> = {};
            if (firstQueuedAt !== undefined) attributes[FIRST_QUEUED_AT] = String(firstQueuedAt);
            if (livingOwner !== undefined) attributes[LIVING_OWNER] = livingOwner;
            this.queue.send(JSON.stringify(message), { delaySeconds, attributes });
          }
          return refused;
        }),
      depth: () => process.perform('GetQueueAttributes', () => this.queue.readyCount),
    };
  }

  deadLetterQueueOf(process: MortalProcess): Pick<IWorkQueue, 'send'> {
    return {
      send: (messages) =>
        process.perform('SendMessageBatch', () => {
          for (const { message } of messages) this.queue.bury(JSON.stringify(message));
          return [];
        }),
    };
  }

  /** Faster than the double, whose tables are large here. */
  #query({ input }: QueryCommand) {
    if (input.IndexName === LedgerTable.LEASES_INDEX) return this.#queryLeases(input);
    const { ':bucket': bucket, ':before': before } = input.ExpressionAttributeValues ?? {};
    const due = [...this.#tables.items.values()].filter(
      ({ dueBucket, dueAt }) => dueBucket?.S === bucket?.S && Number(dueAt?.N) < Number(before?.N),
    );
    due.sort((a, b) => Number(a.dueAt?.N) - Number(b.dueAt?.N));
    return { Items: due.slice(0, input.Limit) };
  }

  #queryLeases({ ExpressionAttributeValues, Limit }: QueryCommandInput) {
    const { ':bucket': bucket, ':before': before } = ExpressionAttributeValues ?? {};
    const ended = [...this.#tables.items.values()].filter(
      ({ leaseBucket, leaseUntil }) => leaseBucket?.S === bucket?.S && Number(leaseUntil?.N) < Number(before?.N),
    );
    return { Items: ended.slice(0, Limit) };
  }

  #observe(command: unknown, process: MortalProcess): void {
    this.#calls += 1;
    if (this.#calls % CALLS_REMEMBERED === 0) forgetCalls();
    if (command instanceof TransactWriteItemsCommand) {
      const { ClientRequestToken: token, TransactItems = [] } = command.input;
      if (token !== undefined && this.#transactions.has(token)) return;
      if (token !== undefined) this.#transactions.add(token);
      for (const { Put } of TransactItems) {
        const { [JobsTable.PARTITION_KEY]: id, [JobsTable.SORT_KEY]: part } = Put?.Item ?? {};
        const jobId = id?.S;
        if (jobId === undefined || Put?.TableName !== JOBS) continue;
        if (part?.S === JobsTable.JOB_PART) {
          this.stream.push(Put.Item ?? {});
          continue;
        }
        this.results.set(jobId, (this.results.get(jobId) ?? 0) + 1);
        this.onResult(jobId, process);
      }
    }
  }
}

/** The mock of the client keeps every call it has seen; ten thousand jobs make too many. */
const forgetCalls = (): void => {
  const { send } = DynamoDBClient.prototype as unknown as { send: { resetHistory?: () => void } };
  send.resetHistory?.();
};
