import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { DecryptCommand, GenerateDataKeyCommand, InvalidCiphertextException, KMSClient } from '@aws-sdk/client-kms';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  type SendMessageBatchCommandInput,
  type SendMessageBatchRequestEntry,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { totalOf } from '../../../lambda/runtime/spend/parts';
import type { ReservationRow } from '../../../lambda/runtime/spend/reservation';
import { breakerRowName, ControlTable, servedRowName, UPSTREAM_BREAKER } from '../../../lib/contract/control';
import {
  clientWindowKey,
  LEDGER_SETTINGS_KEY,
  type LedgerSettings,
  LedgerTable,
  reservationKey,
} from '../../../lib/contract/ledger';
import { LimitsTable } from '../../../lib/contract/limits-table';
import { ClientsTable, JobsTable } from '../../../lib/contract/tables';
import { DynamoDbDouble } from './dynamodb';
import {
  CLIENTS_TABLE,
  CONTROL_TABLE,
  DATA_KEY_ARN,
  DEAD_LETTER_QUEUE_URL,
  JOBS_TABLE,
  LEDGER_TABLE,
  LIMITS_TABLE,
  UPSTREAM_SECRET,
} from './environment';

/** Where a process dies: at its n-th step from now (1 is the next), before or after the step has its effect. */
export interface Crash {
  readonly atStep: number;
  readonly when: 'before' | 'after';
}

export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

/** The AWS services around the handlers, in memory behind the SDK's clients, with a process that can die at any step. */
export class Cloud {
  /** Names of the steps that were begun. */
  readonly steps: string[] = [];
  /** Entries of the messages that the queue took. */
  readonly sent: SendMessageBatchRequestEntry[] = [];
  /** Entries of the copies that were sent to the dead-letter queue. */
  readonly deadLettered: SendMessageBatchRequestEntry[] = [];
  /** Delays that were set, by receipt handle, in seconds. */
  readonly delays = new Map<string, number>();
  /** Positions in a batch that the queue refuses. */
  refusedPositions: readonly number[] = [];
  /** Messages that the queue says it holds. */
  depth = 0;
  /** Runs before a data key is unwrapped; a test may let it throw. */
  beforeDecrypt: () => void = () => undefined;
  secret: string | undefined = JSON.stringify({ apiKey: 'sk-upstream-key' });
  readonly dynamodb: DynamoDbDouble;
  #crash: Crash | undefined;
  #stepsLeft = Number.POSITIVE_INFINITY;
  #isDead = false;
  readonly #wrappingKey = randomBytes(32);

  /** @param tables the keys of further tables, by their names */
  constructor(tables: Readonly<Record<string, readonly string[]>> = {}) {
    this.dynamodb = new DynamoDbDouble(
      {
        ...tables,
        [JOBS_TABLE]: [JobsTable.PARTITION_KEY, JobsTable.SORT_KEY],
        [CLIENTS_TABLE]: [ClientsTable.PARTITION_KEY],
        [CONTROL_TABLE]: [ControlTable.PARTITION_KEY],
        [LEDGER_TABLE]: [LedgerTable.PARTITION_KEY],
        [LIMITS_TABLE]: [LimitsTable.PARTITION_KEY],
      },
      this.perform,
    );
    this.setCaps({});
    this.#startKms();
    this.#startSqs();
    const secrets = mockClient(SecretsManagerClient);
    secrets.on(GetSecretValueCommand, { SecretId: UPSTREAM_SECRET }).callsFake(() =>
      this.perform('GetSecretValue', () => {
        if (this.secret === undefined) throw new Error('Secrets Manager is down');
        return { SecretString: this.secret };
      }),
    );
  }

  /** Lets the ledger have these caps from now on; what was leased to shards before stays there. */
  setCaps(deployed: LedgerSettings['deployed'], cut?: LedgerSettings['cut']): void {
    const version = Number(this.dynamodb.row(LEDGER_TABLE, LEDGER_SETTINGS_KEY)?.version ?? 0) + 1;
    this.dynamodb.put(LEDGER_TABLE, { key: LEDGER_SETTINGS_KEY, version, deployed, override: {}, cut });
  }

  /** What a client has committed in the month, in micro-USD. */
  committedBy(clientId: string): unknown {
    const month = new Date().toISOString().slice(0, 7);
    return this.dynamodb.row(LEDGER_TABLE, clientWindowKey(clientId, month))?.committed;
  }

  /** Lets the reservation of a job be over then, in seconds since the epoch. */
  keepReservationUntil(jobId: string, keepUntil: number): void {
    this.dynamodb.put(LEDGER_TABLE, { ...this.dynamodb.row(LEDGER_TABLE, reservationKey(jobId)), keepUntil });
  }

  /** What the ledger says of a job, in micro-USD. */
  spending(jobId: string) {
    const row = this.dynamodb.row(LEDGER_TABLE, reservationKey(jobId)) as unknown as ReservationRow;
    const { holds, calls, used, closed } = row;
    const unknown = totalOf(calls.flatMap(({ parts }) => parts));
    return { held: totalOf(holds), unknown, unknownCalls: calls.length, spent: totalOf(used), closed };
  }

  /** The row of the breaker. */
  breaker(): Record<string, unknown> | undefined {
    return this.dynamodb.row(CONTROL_TABLE, breakerRowName(UPSTREAM_BREAKER));
  }

  /** Lets another worker have been served by the upstream, in a call that it began then. */
  serveAnother(atMs: number): void {
    this.dynamodb.put(CONTROL_TABLE, { [ControlTable.PARTITION_KEY]: servedRowName(UPSTREAM_BREAKER), servedAt: atMs });
  }

  /** A job's row. */
  job(jobId: string): Record<string, unknown> | undefined {
    return this.dynamodb.row(JOBS_TABLE, jobId, JobsTable.JOB_PART);
  }

  result(jobId: string): Record<string, unknown> | undefined {
    return this.dynamodb.row(JOBS_TABLE, jobId, JobsTable.RESULT_PART);
  }

  crash(crash: Crash): void {
    this.#crash = crash;
    this.#stepsLeft = crash.atStep;
  }

  /** Starts the process again; answers whether it had died. */
  revive(): boolean {
    const hadDied = this.#isDead;
    this.#isDead = false;
    this.#crash = undefined;
    return hadDied;
  }

  /** Runs one step of the outside world; throws for ever once the process is dead. */
  readonly perform = async <T>(name: string, work: () => T): Promise<T> => {
    if (this.#isDead) throw new ProcessDied();
    this.steps.push(name);
    this.#stepsLeft -= 1;
    const dies = this.#crash !== undefined && this.#stepsLeft === 0;
    if (dies) this.#isDead = true;
    if (dies && this.#crash?.when === 'before') throw new ProcessDied();
    const result = await work();
    if (dies) throw new ProcessDied();
    return result;
  };

  #startKms(): void {
    const aad = (context: Record<string, string> | undefined) =>
      Buffer.from(JSON.stringify(Object.entries(context ?? {}).sort()));
    const kms = mockClient(KMSClient);
    kms.on(GenerateDataKeyCommand, { KeyId: DATA_KEY_ARN, KeySpec: 'AES_256' }).callsFake(({ EncryptionContext }) =>
      this.perform('GenerateDataKey', () => {
        const key = randomBytes(32);
        const iv = randomBytes(12);
        const cipher = createCipheriv('aes-256-gcm', this.#wrappingKey, iv).setAAD(aad(EncryptionContext));
        const body = Buffer.concat([cipher.update(key), cipher.final()]);
        return { Plaintext: key, CiphertextBlob: Buffer.concat([iv, cipher.getAuthTag(), body]) };
      }),
    );
    kms.on(DecryptCommand, { KeyId: DATA_KEY_ARN }).callsFake(({ CiphertextBlob, EncryptionContext }) =>
      this.perform('Decrypt', () => {
        this.beforeDecrypt();
        const blob = Buffer.from(CiphertextBlob);
        const decipher = createDecipheriv('aes-256-gcm', this.#wrappingKey, blob.subarray(0, 12), {
          authTagLength: 16,
        });
        decipher.setAAD(aad(EncryptionContext)).setAuthTag(blob.subarray(12, 28));
        try {
          return { Plaintext: Buffer.concat([decipher.update(blob.subarray(28)), decipher.final()]) };
        } catch {
          throw new InvalidCiphertextException({ message: 'invalid', $metadata: {} });
        }
      }),
    );
  }

  #startSqs(): void {
    const sqs = mockClient(SQSClient);
    sqs
      .on(SendMessageBatchCommand)
      .callsFake(({ Entries, QueueUrl }: SendMessageBatchCommandInput & { Entries: never[] }) =>
        this.perform('SendMessageBatch', () => {
          const isRefused = (_: unknown, position: number) => this.refusedPositions.includes(position);
          const target = QueueUrl === DEAD_LETTER_QUEUE_URL ? this.deadLettered : this.sent;
          target.push(...Entries.filter((entry, position) => !isRefused(entry, position)));
          return {
            Failed: (Entries as SendMessageBatchRequestEntry[])
              .filter(isRefused)
              .map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false })),
          };
        }),
      );
    sqs.on(GetQueueAttributesCommand).callsFake(() =>
      this.perform('GetQueueAttributes', () => ({
        Attributes: { ApproximateNumberOfMessages: String(this.depth) },
      })),
    );
    sqs.on(ChangeMessageVisibilityCommand).callsFake(({ ReceiptHandle, VisibilityTimeout }) =>
      this.perform('ChangeMessageVisibility', () => {
        if (VisibilityTimeout < 0 || VisibilityTimeout > 43_200) throw new Error('InvalidParameterValue');
        this.delays.set(ReceiptHandle, VisibilityTimeout);
        return {};
      }),
    );
  }
}
