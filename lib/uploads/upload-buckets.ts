import { Duration, type RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { CLEAN_VERDICT, CleanTag } from '../contract/uploads';
import type { UploadSettings } from './upload-settings';

/** Time that a clean object which somebody deleted can still be brought back. */
const CLEAN_NONCURRENT = Duration.days(30);
const DAY = Duration.days(1);

export interface BucketSettings {
  readonly encryptionKey: kms.IKey;
  readonly removalPolicy: RemovalPolicy;
  readonly accessLogsBucket?: s3.IBucket;
  readonly uploads: UploadSettings;
}

/** Where uploads arrive: all versions are kept for as long as their verdict may take, and no longer. */
export function createQuarantine(scope: Construct, id: string, settings: BucketSettings): s3.Bucket {
  const { quarantineRetention, corsOrigins } = settings.uploads;
  const bucket = createBucket(scope, id, settings, {
    serverAccessLogsPrefix: 'quarantine/',
    lifecycleRules: expiry({ expiration: quarantineRetention, noncurrentVersionExpiration: DAY }),
    cors: corsOrigins.length > 0 ? [corsRule(corsOrigins)] : undefined,
  });
  // By the property itself: the CDK's own way is a function in the stack that may change the notifications of any bucket.
  (bucket.node.defaultChild as s3.CfnBucket).notificationConfiguration = {
    eventBridgeConfiguration: { eventBridgeEnabled: true },
  };
  return bucket;
}

/** Where clean uploads are kept. */
export function createCleanBucket(scope: Construct, id: string, settings: BucketSettings): s3.Bucket {
  return createBucket(scope, id, settings, {
    serverAccessLogsPrefix: 'clean/',
    lifecycleRules: expiry({
      expiration: settings.uploads.cleanRetention,
      noncurrentVersionExpiration: CLEAN_NONCURRENT,
    }),
  });
}

/** Refuses, whatever the policies of others allow, to read what lies in quarantine, and to say what a scan has found. */
export function closeQuarantine(bucket: s3.Bucket, inspector: iam.IRole, scanner?: iam.IRole): void {
  const readers = scanner ? [inspector, scanner] : [inspector];
  denyToOthers(bucket, 'DenyReadingToOthers', ['s3:GetObject', 's3:GetObjectVersion'], readers);
  denyToOthers(bucket, 'DenyTaggingToOthers', TAGGING, scanner ? [scanner] : []);
}

/** Refuses to read what has no clean verdict, and to write to whoever gives no verdicts. */
export function closeCleanBucket(bucket: s3.Bucket, inspector: iam.IRole): void {
  bucket.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'DenyReadingWithoutVerdict',
      effect: iam.Effect.DENY,
      principals: [new iam.AnyPrincipal()],
      actions: ['s3:GetObject', 's3:GetObjectVersion'],
      resources: [bucket.arnForObjects('*')],
      // An object without the tag has none that equals it, and is refused as well.
      conditions: { StringNotEquals: { [`s3:ExistingObjectTag/${CleanTag.VERDICT}`]: CLEAN_VERDICT } },
    }),
  );
  denyToOthers(bucket, 'DenyWritingToOthers', ['s3:PutObject', ...TAGGING], [inspector]);
}

const TAGGING = [
  's3:PutObjectTagging',
  's3:PutObjectVersionTagging',
  's3:DeleteObjectTagging',
  's3:DeleteObjectVersionTagging',
];

function denyToOthers(bucket: s3.Bucket, sid: string, actions: string[], admitted: readonly iam.IRole[]): void {
  const arns = admitted.map(({ roleArn }) => roleArn);
  bucket.addToResourcePolicy(
    new iam.PolicyStatement({
      sid,
      effect: iam.Effect.DENY,
      principals: [new iam.AnyPrincipal()],
      actions,
      resources: [bucket.arnForObjects('*')],
      ...(arns.length > 0 && { conditions: { StringNotEquals: { 'aws:PrincipalArn': arns } } }),
    }),
  );
}

function createBucket(scope: Construct, id: string, settings: BucketSettings, props: s3.BucketProps): s3.Bucket {
  const { accessLogsBucket } = settings;
  const bucket = new s3.Bucket(scope, id, {
    ...props,
    serverAccessLogsPrefix: accessLogsBucket && props.serverAccessLogsPrefix,
    serverAccessLogsBucket: accessLogsBucket,
    encryption: s3.BucketEncryption.KMS,
    encryptionKey: settings.encryptionKey,
    bucketKeyEnabled: true,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    versioned: true,
    removalPolicy: settings.removalPolicy,
  });
  if (!accessLogsBucket) {
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        "Server access logs may come late or never, and their bucket cannot be under a customer-managed key; who read or wrote an object is in CloudTrail's data events. Give `accessLogsBucket` to have them as well.",
    });
  }
  return bucket;
}

interface Expiry {
  readonly expiration?: Duration;
  readonly noncurrentVersionExpiration: Duration;
}

function expiry({ expiration, noncurrentVersionExpiration }: Expiry): s3.LifecycleRule[] {
  return [
    { id: 'Expire', expiration, noncurrentVersionExpiration, abortIncompleteMultipartUploadAfter: DAY },
    { id: 'RemoveMarkers', expiredObjectDeleteMarker: true },
  ];
}

function corsRule(origins: readonly string[]): s3.CorsRule {
  return {
    allowedMethods: [s3.HttpMethods.POST],
    allowedOrigins: [...origins],
    allowedHeaders: ['content-type'],
    maxAge: 300,
  };
}
