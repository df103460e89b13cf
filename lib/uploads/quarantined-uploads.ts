import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { EnvironmentKey } from '../contract/environment-keys';
import { METRIC_NAMESPACE, MetricName, SERVICE_NAME, UPLOADS_DIMENSION } from '../contract/metrics';
import { UPLOAD_KEY_SHAPE, UploadsTable } from '../contract/uploads';
import type { StandardFunction } from '../functions/standard-function';
import type { EncryptedLogGroupProps } from '../logs/encrypted-log-group';
import { ResilientQueue } from '../queue/resilient-queue';
import { grantKeyThrough, KEY_USE_TO_READ, KEY_USE_TO_WRITE } from '../tables/table-key-use';
import { MalwareScan } from './malware-scan';
import { MALWARE_PERIOD, UploadAlarms } from './upload-alarms';
import { closeCleanBucket, closeQuarantine, createCleanBucket, createQuarantine } from './upload-buckets';
import { UploadEvents } from './upload-events';
import { createInspector, grantRows } from './upload-inspector';
import {
  checkUploadSettings,
  inspectionTimeout,
  type UploadSettings,
  type UploadTerms,
  uploadSettings,
} from './upload-settings';

/** Settings of `QuarantinedUploads`. */
export interface QuarantinedUploadsProps extends UploadTerms {
  /**
   * Whether GuardDuty scans each upload as well, and nothing is clean before it has found no threat. What it cannot scan
   * stays blocked. It is paid for by the gigabyte and the object.
   *
   * @default false
   */
  readonly malwareScan?: boolean;

  /**
   * Customer-managed key that encrypts buckets, table and queue. An imported one must let EventBridge use it.
   *
   * @default - a key of its own, rotated yearly
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Where server access logs of both buckets go.
   *
   * @default - there are none
   */
  readonly accessLogsBucket?: s3.IBucket;

  /**
   * Told when an alarm begins and ends. A topic under a customer-managed key hears nothing unless that key lets
   * CloudWatch use it.
   *
   * @default - nobody: give the alarms their actions yourself
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * Settings of the inspector's log group.
   *
   * @default - those of `EncryptedLogGroup`
   */
  readonly logs?: EncryptedLogGroupProps;

  /**
   * What becomes of buckets, table, queue and key when they leave the stack. The table is protected against deletion
   * unless it is `DESTROY`; CloudFormation deletes no bucket that is not empty.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Receives after which an upload that cannot be decided is somebody's to look at. */
const MAX_RECEIVES = 5;
/** With a scanner, an upload comes back once for each scan that is not there yet. */
const MAX_RECEIVES_WITH_SCAN = 10;

/**
 * Uploads that nobody can read before they were inspected: clients send them by a form to a quarantine bucket, an inspector
 * judges each by its bytes, and only what it finds clean is copied to a bucket that can be read. What cannot be decided
 * stays where it is, and somebody is told.
 */
export class QuarantinedUploads extends Construct {
  /** Where uploads arrive; only the inspector can read it. */
  public readonly quarantineBucket: s3.Bucket;
  /** Where clean uploads are. */
  public readonly cleanBucket: s3.Bucket;
  /** One row an upload: its state and, of a refused one, why. */
  public readonly table: dynamodb.Table;
  /** What is to be inspected, with its dead letters. */
  public readonly queue: ResilientQueue;
  /** Inspects. */
  public readonly inspector: lambda.Function;
  /** The key that encrypts all of it. */
  public readonly encryptionKey: kms.IKey;
  /** Alarms on malware and on what could not be decided. */
  public readonly alarms: UploadAlarms;

  private readonly settings: UploadSettings;

  /** @throws ConstructConfigError naming every prop that is out of its range. */
  constructor(scope: Construct, id: string, props: QuarantinedUploadsProps = {}) {
    const settings = uploadSettings(props);
    checkUploadSettings(scope, id, settings);
    super(scope, id);
    this.settings = settings;
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const malwareScan = props.malwareScan ?? false;
    this.encryptionKey = props.encryptionKey ?? this.createKey(removalPolicy);
    const { encryptionKey } = this;
    const buckets = { encryptionKey, removalPolicy, accessLogsBucket: props.accessLogsBucket, uploads: settings };
    this.quarantineBucket = createQuarantine(this, 'Quarantine', buckets);
    this.cleanBucket = createCleanBucket(this, 'Clean', buckets);
    this.table = this.createTable(removalPolicy);
    this.queue = this.createQueue(props, removalPolicy, malwareScan);
    this.inspector = createInspector(this, 'InspectUpload', {
      quarantineBucket: this.quarantineBucket,
      cleanBucket: this.cleanBucket,
      table: this.table,
      queue: this.queue,
      encryptionKey,
      settings,
      malwareScan,
      logs: props.logs,
    });
    const scan = malwareScan
      ? new MalwareScan(this, 'MalwareScan', { bucket: this.quarantineBucket, encryptionKey })
      : undefined;
    this.close(scan);
    new UploadEvents(this, 'Events', { bucket: this.quarantineBucket, queue: this.queue, encryptionKey, malwareScan });
    this.alarms = new UploadAlarms(this, 'Alarms', {
      malware: this.metricMalware(),
      queue: this.queue.alarms,
      topic: props.alarmTopic,
    });
  }

  /** Lets the grantee make forms by which clients upload: it may put objects under the keys of uploads, and read none. */
  public grantUpload(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['s3:PutObject'],
      resourceArns: [this.quarantineBucket.arnForObjects(UPLOAD_KEY_SHAPE)],
    }).combine(grantKeyThrough(grantee, this.encryptionKey, 's3', ['kms:GenerateDataKey']));
  }

  /** Lets the grantee read clean uploads. The bucket refuses it what has no clean verdict. */
  public grantReadClean(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['s3:GetObject'],
      resourceArns: [this.cleanBucket.arnForObjects(UPLOAD_KEY_SHAPE)],
    }).combine(grantKeyThrough(grantee, this.encryptionKey, 's3', ['kms:Decrypt']));
  }

  /** Uploads that were refused as malware. */
  public metricMalware(options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: METRIC_NAMESPACE,
      metricName: MetricName.UPLOADS_MALWARE,
      dimensionsMap: { service: SERVICE_NAME, [UPLOADS_DIMENSION]: this.node.path },
      period: MALWARE_PERIOD,
      statistic: 'Sum',
      ...options,
    });
  }

  /**
   * Makes a function one that offers uploads.
   *
   * @internal
   */
  public _connectCreator(creator: StandardFunction): void {
    const { contentTypes, maxSize, uploadWindow, recordRetention } = this.settings;
    this.setEnvironment(creator, {
      [EnvironmentKey.UPLOADS_TABLE]: this.table.tableName,
      [EnvironmentKey.QUARANTINE_BUCKET]: this.quarantineBucket.bucketName,
      [EnvironmentKey.UPLOAD_CONTENT_TYPES]: contentTypes.join(','),
      [EnvironmentKey.UPLOAD_MAX_BYTES]: String(maxSize.toBytes()),
      [EnvironmentKey.UPLOAD_WINDOW_SECONDS]: String(uploadWindow.toSeconds()),
      [EnvironmentKey.UPLOAD_RECORD_DAYS]: String(recordRetention.toDays()),
    });
    grantRows(creator, this, KEY_USE_TO_WRITE, 'dynamodb:PutItem');
    this.grantUpload(creator);
  }

  /**
   * Makes a function one that tells the state of uploads.
   *
   * @internal
   */
  public _connectReader(reader: StandardFunction): void {
    this.setEnvironment(reader, { [EnvironmentKey.UPLOADS_TABLE]: this.table.tableName });
    grantRows(reader, this, KEY_USE_TO_READ, 'dynamodb:GetItem');
  }

  private setEnvironment(target: lambda.Function, environment: Record<string, string>): void {
    for (const [name, value] of Object.entries(environment)) target.addEnvironment(name, value);
  }

  private createKey(removalPolicy: RemovalPolicy): kms.Key {
    return new kms.Key(this, 'Key', {
      description: `Encrypts the uploads of ${this.node.path}.`,
      enableKeyRotation: true,
      removalPolicy,
    });
  }

  private createTable(removalPolicy: RemovalPolicy): dynamodb.Table {
    return new dynamodb.Table(this, 'Table', {
      partitionKey: { name: UploadsTable.PARTITION_KEY, type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: UploadsTable.TIME_TO_LIVE,
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
      removalPolicy,
    });
  }

  private createQueue(
    props: QuarantinedUploadsProps,
    removalPolicy: RemovalPolicy,
    malwareScan: boolean,
  ): ResilientQueue {
    return new ResilientQueue(this, 'Queue', {
      consumerTimeout: inspectionTimeout(this.settings),
      // Each message may be a large object.
      batchSize: 1,
      maxConcurrency: this.settings.maxConcurrency,
      maxReceiveCount: malwareScan ? MAX_RECEIVES_WITH_SCAN : MAX_RECEIVES,
      maxAge: malwareScan ? this.ageWithScan() : undefined,
      encryptionKey: this.encryptionKey,
      alarmTopic: props.alarmTopic,
      deadLetterRunbook: 'uploads-undecided',
      removalPolicy,
    });
  }

  /** An upload whose scan is not there yet comes back after its visibility timeout, and is not late before. */
  private ageWithScan(): Duration {
    return Duration.minutes(15).plus(Duration.seconds(6 * inspectionTimeout(this.settings).toSeconds()));
  }

  private close(scan: MalwareScan | undefined): void {
    const { role } = this.inspector;
    if (!role) throw new Error('A function has a role.');
    closeQuarantine(this.quarantineBucket, role, scan?.role);
    closeCleanBucket(this.cleanBucket, role);
    scan?.waitFor(this.quarantineBucket.policy);
  }
}
