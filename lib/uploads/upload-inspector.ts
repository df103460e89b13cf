import { Stack } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { EnvironmentKey } from '../contract/environment-keys';
import { UPLOAD_KEY_SHAPE, type UploadArchiveLimits } from '../contract/uploads';
import { bundledCode } from '../functions/bundled-code';
import { StandardFunction } from '../functions/standard-function';
import type { EncryptedLogGroupProps } from '../logs/encrypted-log-group';
import type { ResilientQueue } from '../queue/resilient-queue';
import { grantKeyThrough, KEY_USE_TO_WRITE } from '../tables/table-key-use';
import { inspectionTimeout, type UploadSettings } from './upload-settings';

export interface InspectorProps {
  readonly quarantineBucket: s3.IBucket;
  readonly cleanBucket: s3.IBucket;
  readonly table: dynamodb.ITable;
  readonly queue: ResilientQueue;
  readonly encryptionKey: kms.IKey;
  readonly settings: UploadSettings;
  readonly malwareScan: boolean;
  readonly logs?: EncryptedLogGroupProps;
}

/** Memory of the inspector, in MiB: what it holds at most, and as much CPU as hashing and inflating want. */
const INSPECTOR_MEMORY = 1_024;

/** The function that judges what arrives, and the only one that may read the quarantine and fill the clean bucket. */
export function createInspector(scope: Construct, id: string, props: InspectorProps): StandardFunction {
  const inspector = new StandardFunction(scope, id, {
    code: bundledCode(scope, 'inspect-upload'),
    logs: props.logs,
    timeout: inspectionTimeout(props.settings),
    memorySize: INSPECTOR_MEMORY,
    environment: {
      [EnvironmentKey.UPLOADS_TABLE]: props.table.tableName,
      [EnvironmentKey.QUARANTINE_BUCKET]: props.quarantineBucket.bucketName,
      [EnvironmentKey.CLEAN_BUCKET]: props.cleanBucket.bucketName,
      [EnvironmentKey.UPLOADS_KEY_ARN]: props.encryptionKey.keyArn,
      [EnvironmentKey.UPLOADS_LABEL]: scope.node.path,
      [EnvironmentKey.UPLOAD_ARCHIVE_LIMITS]: Stack.of(scope).toJsonString(limitsOf(props.settings)),
      [EnvironmentKey.UPLOAD_MALWARE_SCAN]: props.malwareScan ? 'required' : 'none',
    },
  });
  admit(inspector, props);
  props.queue.addConsumer(inspector);
  return inspector;
}

/** Lets the grantee do something with the rows of uploads, and use their key for it through DynamoDB alone. */
export function grantRows(
  grantee: iam.IGrantable,
  { table, encryptionKey }: { readonly table: dynamodb.ITable; readonly encryptionKey: kms.IKey },
  keyUse: readonly string[],
  ...actions: string[]
): void {
  iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [table.tableArn] });
  grantKeyThrough(grantee, encryptionKey, 'dynamodb', keyUse);
}

function limitsOf({ archives }: UploadSettings): UploadArchiveLimits {
  return {
    maxRatio: archives.maxRatio,
    maxInflatedBytes: archives.maxInflatedSize.toBytes(),
    maxEntries: archives.maxEntries,
    maxDepth: archives.maxDepth,
  };
}

function admit(inspector: StandardFunction, props: InspectorProps): void {
  const { quarantineBucket, cleanBucket, encryptionKey, malwareScan } = props;
  const allow = (actions: string[], resourceArn: string) =>
    iam.Grant.addToPrincipal({ grantee: inspector, actions, resourceArns: [resourceArn] });
  const reading = ['s3:GetObject', 's3:GetObjectVersion', ...(malwareScan ? ['s3:GetObjectVersionTagging'] : [])];
  allow([...reading, 's3:DeleteObjectVersion'], quarantineBucket.arnForObjects(UPLOAD_KEY_SHAPE));
  // Without it, S3 says "forbidden" of what is gone.
  allow(['s3:ListBucket'], quarantineBucket.bucketArn);
  allow(['s3:PutObject', 's3:PutObjectTagging'], cleanBucket.arnForObjects(UPLOAD_KEY_SHAPE));
  grantKeyThrough(inspector, encryptionKey, 's3', ['kms:Decrypt', 'kms:GenerateDataKey']);
  grantRows(inspector, props, KEY_USE_TO_WRITE, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
}
