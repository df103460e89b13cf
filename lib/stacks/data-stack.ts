import { type CfnElement, CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct, IConstruct } from 'constructs';
import { ConfigCheck } from '../config-error';
import { AuditTable, ControlTable } from '../contract/control';
import { LimitsTable } from '../contract/limits-table';
import { StackOutput } from '../contract/outputs';
import { ClientsTable, JobsTable } from '../contract/tables';
import { ResilientQueue } from '../queue/resilient-queue';
import type { GuardedSecret } from '../secrets/guarded-secret';
import { SpendCap } from '../spend/spend-cap';
import type { SpendSettings } from '../spend/spend-settings';
import type { QuarantinedUploads, QuarantinedUploadsProps } from '../uploads/quarantined-uploads';
import { type AlarmTopicProps, alarmTopicOf } from './alarm-topic';
import { createUploads } from './uploads';
import { createUpstreamSecret, UpstreamCredential } from './upstream-credential';

/** Seconds by which the breaker's controller outlives the run of the processor that it waits for. */
const CONTROL_MARGIN_SECONDS = 30;

/** Longest run of the processor in seconds: Lambda allows 900, and the controller needs its margin of them. */
const MOST_PROCESS_SECONDS = 900 - CONTROL_MARGIN_SECONDS;

/** Settings of a `DataStack`. */
export interface DataStackProps extends StackProps, AlarmTopicProps {
  /**
   * Longest run of the function that processes jobs, between 10 and 870 seconds; the queue's visibility timeout
   * follows from it, and the breaker's controller, which waits for single runs, has 30 seconds more.
   */
  readonly processTimeout: Duration;

  /**
   * Most jobs' batches that are processed at the same time, between 2 and 1000.
   *
   * @default 10
   */
  readonly processConcurrency?: number;

  /** What may be spent upstream by all clients together, and what the models cost. */
  readonly spend: SpendSettings;

  /**
   * Where the service has its upstream credential from.
   *
   * @default UpstreamCredential.stored()
   */
  readonly upstreamCredential?: UpstreamCredential;

  /**
   * Roles and users that may write the credential's secrets by hand. They cannot read them for that.
   *
   * @default - whoever may by their own policies
   */
  readonly secretAdministrators?: iam.IGrantable[];

  /**
   * Roles and users of people or tools that may read the credential, beside the service's own functions; their own
   * policies must let them, too.
   *
   * @default - nobody
   */
  readonly secretReaders?: iam.IGrantable[];

  /**
   * What clients may upload. `alarmTopic`, `removalPolicy` and the logs' removal are those of the stack unless they are
   * given.
   *
   * @default - nothing: there are no buckets and no routes
   */
  readonly uploads?: QuarantinedUploadsProps;

  /**
   * Whether the data must outlive mistakes: retained when it leaves the stack, tables and stack protected
   * against deletion.
   *
   * @default true
   */
  readonly protectData?: boolean;
}

/**
 * What must survive a deployment: the data key, the tables of jobs, clients, limits, control, audit and spending, the
 * queues and the upstream's credential. Their logical ids are pinned, so that moving code never replaces data.
 */
export class DataStack extends Stack {
  /** Encrypts tables and secret, and wraps the data key of each job. */
  public readonly dataKey: kms.Key;
  /** One item collection a job: its state, its sealed request and its sealed result. */
  public readonly jobsTable: dynamodb.Table;
  /** One row a client: its state and the hashes of its keys. */
  public readonly clientsTable: dynamodb.Table;
  /** One row a client: what it has used of its rate and of its quotas. */
  public readonly limitsTable: dynamodb.Table;
  /** One row for each thing that the whole fleet must agree on, such as the state of a breaker. */
  public readonly controlTable: dynamodb.Table;
  /** One row for each privileged act, by day; nobody may change or delete one. */
  public readonly auditTable: dynamodb.Table;
  /** Keeps what is spent upstream within the caps. */
  public readonly spendCap: SpendCap;
  /** Feeds the processor. */
  public readonly workQueue: ResilientQueue;
  /** Holds the messages that the breaker's controller sends itself for later. */
  public readonly controlQueue: ResilientQueue;
  /** Where the service has its upstream credential from. */
  public readonly upstreamCredential: UpstreamCredential;
  /** Holds the upstream credential as `{"apiKey": "…"}`. Undefined where it is federated. */
  public readonly upstreamSecret?: GuardedSecret;
  /** What clients upload. Undefined where they may not. */
  public readonly uploads?: QuarantinedUploads;

  private readonly protectData: boolean;
  private readonly removalPolicy: RemovalPolicy;

  /** @throws ConstructConfigError when `processTimeout` is out of its range. */
  constructor(scope: Construct, id: string, props: DataStackProps) {
    const protectData = props.protectData ?? true;
    new ConfigCheck(scope, id)
      .integer('processTimeout', props.processTimeout.toSeconds({ integral: false }), 10, MOST_PROCESS_SECONDS)
      .throwProblems();
    super(scope, id, { ...props, terminationProtection: props.terminationProtection ?? protectData });
    this.protectData = protectData;
    this.removalPolicy = protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.dataKey = new kms.Key(this, 'DataKey', {
      description: `Encrypts the tables and secrets of ${this.stackName} and wraps the data key of each job.`,
      enableKeyRotation: true,
      removalPolicy: this.removalPolicy,
    });
    this.jobsTable = this.createTable('JobsTable', {
      partitionKey: { name: JobsTable.PARTITION_KEY, type: dynamodb.AttributeType.STRING },
      sortKey: { name: JobsTable.SORT_KEY, type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: JobsTable.TIME_TO_LIVE,
      stream: dynamodb.StreamViewType.NEW_IMAGE,
    });
    this.jobsTable.addGlobalSecondaryIndex({
      indexName: JobsTable.DUE_INDEX,
      partitionKey: { name: JobsTable.DUE_BUCKET, type: dynamodb.AttributeType.STRING },
      sortKey: { name: JobsTable.DUE_AT, type: dynamodb.AttributeType.NUMBER },
      projectionType: dynamodb.ProjectionType.INCLUDE,
      nonKeyAttributes: [...JobsTable.DUE_ATTRIBUTES],
    });
    this.clientsTable = this.createTable('ClientsTable', {
      partitionKey: { name: ClientsTable.PARTITION_KEY, type: dynamodb.AttributeType.STRING },
    });
    this.clientsTable.addGlobalSecondaryIndex({
      indexName: ClientsTable.STATUS_INDEX,
      partitionKey: { name: ClientsTable.STATUS, type: dynamodb.AttributeType.STRING },
      sortKey: { name: ClientsTable.CREATED_AT, type: dynamodb.AttributeType.STRING },
      projectionType: dynamodb.ProjectionType.INCLUDE,
      nonKeyAttributes: [...ClientsTable.LISTED_ATTRIBUTES],
    });
    this.limitsTable = this.createTable('LimitsTable', {
      partitionKey: { name: LimitsTable.PARTITION_KEY, type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: LimitsTable.TIME_TO_LIVE,
    });
    this.controlTable = this.createTable('ControlTable', {
      partitionKey: { name: ControlTable.PARTITION_KEY, type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: ControlTable.TIME_TO_LIVE,
      stream: dynamodb.StreamViewType.NEW_IMAGE,
    });
    this.auditTable = this.createTable('AuditTable', {
      partitionKey: { name: AuditTable.PARTITION_KEY, type: dynamodb.AttributeType.STRING },
      sortKey: { name: AuditTable.SORT_KEY, type: dynamodb.AttributeType.STRING },
      resourcePolicy: appendOnly(),
    });
    const alarmTopic = alarmTopicOf(this, props);
    this.spendCap = new SpendCap(this, 'SpendCap', {
      ...props.spend,
      encryptionKey: this.dataKey,
      removalPolicy: this.removalPolicy,
      alarmTopic,
    });
    const queueSettings = { removalPolicy: this.removalPolicy, alarmTopic };
    this.workQueue = new ResilientQueue(this, 'WorkQueue', {
      ...queueSettings,
      consumerTimeout: props.processTimeout,
      maxConcurrency: props.processConcurrency,
    });
    this.controlQueue = new ResilientQueue(this, 'ControlQueue', {
      ...queueSettings,
      consumerTimeout: controlTimeout(props.processTimeout),
      // Each message may wait for a whole run of the processor.
      batchSize: 1,
      maxConcurrency: 2,
      encryptionKey: this.workQueue.encryptionKey,
    });
    this.upstreamCredential = props.upstreamCredential ?? UpstreamCredential.stored();
    this.upstreamSecret = createUpstreamSecret(this, this.upstreamCredential, {
      dataKey: this.dataKey,
      longestCall: props.processTimeout,
      removalPolicy: this.removalPolicy,
      administrators: props.secretAdministrators,
      readers: props.secretReaders,
      alarmTopic,
    });
    this.uploads =
      props.uploads &&
      createUploads(this, {
        alarmTopic,
        removalPolicy: this.removalPolicy,
        logs: { removalPolicy: this.removalPolicy },
        ...props.uploads,
      });
    this.pinLogicalIds();
    this.declareOutputs();
  }

  private createTable(id: string, props: dynamodb.TableProps): dynamodb.Table {
    return new dynamodb.Table(this, id, {
      ...props,
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.dataKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: this.protectData,
      removalPolicy: this.removalPolicy,
    });
  }

  /** A changed logical id is a new table, key, queue or secret, and the old one's data left behind. */
  private pinLogicalIds(): void {
    pin(this.dataKey, 'DataKey');
    pin(this.jobsTable, 'JobsTable');
    pin(this.clientsTable, 'ClientsTable');
    pin(this.limitsTable, 'LimitsTable');
    pin(this.workQueue.encryptionKey, 'WorkQueueKey');
    pin(this.workQueue.queue, 'WorkQueue');
    pin(this.workQueue.deadLetterQueue, 'WorkDeadLetterQueue');
    pin(this.spendCap.table, 'LedgerTable');
    pin(this.controlTable, 'ControlTable');
    pin(this.auditTable, 'AuditTable');
    pin(this.controlQueue.queue, 'ControlQueue');
    pin(this.controlQueue.deadLetterQueue, 'ControlDeadLetterQueue');
  }

  private declareOutputs(): void {
    const outputs: Record<string, string> = {
      [StackOutput.JOBS_TABLE]: this.jobsTable.tableName,
      [StackOutput.CLIENTS_TABLE]: this.clientsTable.tableName,
      [StackOutput.LIMITS_TABLE]: this.limitsTable.tableName,
      [StackOutput.QUEUE_URL]: this.workQueue.queue.queueUrl,
      [StackOutput.DEAD_LETTER_QUEUE_URL]: this.workQueue.deadLetterQueue.queueUrl,
      [StackOutput.CONTROL_TABLE]: this.controlTable.tableName,
      [StackOutput.CONTROL_QUEUE_URL]: this.controlQueue.queue.queueUrl,
      [StackOutput.LEDGER_TABLE]: this.spendCap.table.tableName,
      [StackOutput.AUDIT_TABLE]: this.auditTable.tableName,
      ...(this.upstreamSecret && { [StackOutput.UPSTREAM_SECRET]: this.upstreamSecret.secret.secretArn }),
    };
    for (const [name, value] of Object.entries(outputs)) {
      new CfnOutput(this, name, { value });
    }
  }
}

/** The controller waits for a run of the processor, and needs some time before and after it. */
function controlTimeout(processTimeout: Duration): Duration {
  return Duration.seconds(processTimeout.toSeconds() + CONTROL_MARGIN_SECONDS);
}

/** Refuses to everybody, whatever their own policies allow, to change or delete a row. */
function appendOnly(): iam.PolicyDocument {
  return new iam.PolicyDocument({
    statements: [
      new iam.PolicyStatement({
        sid: 'AppendOnly',
        effect: iam.Effect.DENY,
        principals: [new iam.AnyPrincipal()],
        actions: [
          'dynamodb:UpdateItem',
          'dynamodb:DeleteItem',
          'dynamodb:BatchWriteItem',
          'dynamodb:PartiQLUpdate',
          'dynamodb:PartiQLDelete',
        ],
        // The table itself: its own ARN in its own policy would be a cycle.
        resources: ['*'],
      }),
    ],
  });
}

function pin(construct: IConstruct, logicalId: string): void {
  (construct.node.defaultChild as CfnElement).overrideLogicalId(logicalId);
}
