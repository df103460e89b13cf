import type { Template } from 'aws-cdk-lib/assertions';
import { find, listOf, type Statement, uploadsWith } from './uploads-stack';

const { template } = uploadsWith();
const quarantine = find(template, 'AWS::S3::Bucket', 'UploadsQuarantine');
const clean = find(template, 'AWS::S3::Bucket', 'UploadsClean');
const key = find(template, 'AWS::KMS::Key', 'UploadsKey');
const inspector = find(template, 'AWS::Lambda::Function', 'UploadsInspectUpload');
const inspectorRole = find(template, 'AWS::IAM::Role', 'UploadsInspectUploadRole').logicalId;

const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
const objectsOf = (logicalId: string, shape: string) => ({ 'Fn::Join': ['', [arnOf(logicalId), `/${shape}`]] });

const policyOf = (beginning: string): Statement[] =>
  find(template, 'AWS::S3::BucketPolicy', beginning).Properties.PolicyDocument.Statement;
const bySid = (statements: readonly Statement[], sid: string) => statements.find(({ Sid }) => Sid === sid);

describe('both buckets', () => {
  test.each([
    ['quarantine', quarantine],
    ['clean', clean],
  ])('%s is versioned, encrypted under its own key, closed to the public, and kept', (_, bucket) => {
    expect(bucket.Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: arnOf(key.logicalId) },
          },
        ],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
    expect(bucket.Properties).not.toHaveProperty('CorsConfiguration');
    expect(bucket.DeletionPolicy).toBe('Retain');
  });

  test.each(['UploadsQuarantine', 'UploadsClean'])('%s takes TLS only', (beginning) => {
    expect(policyOf(beginning)).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Action: 's3:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
  });
});

describe('the quarantine bucket', () => {
  test('refuses to be read by anybody but the inspector, whatever other policies allow', () => {
    expect(bySid(policyOf('UploadsQuarantine'), 'DenyReadingToOthers')).toEqual({
      Sid: 'DenyReadingToOthers',
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: objectsOf(quarantine.logicalId, '*'),
      Condition: { StringNotEquals: { 'aws:PrincipalArn': [arnOf(inspectorRole)] } },
    });
  });

  test('lets nobody at all say by a tag what a scan has found', () => {
    const statement = bySid(policyOf('UploadsQuarantine'), 'DenyTaggingToOthers');
    expect(statement).toMatchObject({ Effect: 'Deny', Action: expect.arrayContaining(['s3:PutObjectVersionTagging']) });
    expect(statement).not.toHaveProperty('Condition');
  });

  test('removes what is in it after seven days, versions and unfinished uploads after one', () => {
    expect(quarantine.Properties.LifecycleConfiguration.Rules).toEqual([
      {
        Id: 'Expire',
        Status: 'Enabled',
        ExpirationInDays: 7,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      },
      { Id: 'RemoveMarkers', Status: 'Enabled', ExpiredObjectDeleteMarker: true },
    ]);
  });

  test('tells EventBridge of what arrives, without a function that may change notifications', () => {
    expect(quarantine.Properties.NotificationConfiguration).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    });
    expect(Object.keys(template.findResources('AWS::Lambda::Function'))).toEqual([inspector.logicalId]);
    template.resourceCountIs('Custom::S3BucketNotifications', 0);
  });

  test('takes forms from the pages that are named, and POST only', () => {
    const origins = ['https://app.example.com', 'http://localhost:3000'];
    const given = uploadsWith({ corsOrigins: origins }).template;
    expect(find(given, 'AWS::S3::Bucket', 'UploadsQuarantine').Properties.CorsConfiguration.CorsRules).toEqual([
      { AllowedMethods: ['POST'], AllowedOrigins: origins, AllowedHeaders: ['content-type'], MaxAge: 300 },
    ]);
    expect(find(given, 'AWS::S3::Bucket', 'UploadsClean').Properties).not.toHaveProperty('CorsConfiguration');
  });
});

describe('the clean bucket', () => {
  test('refuses to give out what has no clean verdict', () => {
    expect(bySid(policyOf('UploadsClean'), 'DenyReadingWithoutVerdict')).toEqual({
      Sid: 'DenyReadingWithoutVerdict',
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: objectsOf(clean.logicalId, '*'),
      Condition: { StringNotEquals: { 's3:ExistingObjectTag/verdict': 'clean' } },
    });
  });

  test('takes objects and verdicts from the inspector alone', () => {
    const statement = bySid(policyOf('UploadsClean'), 'DenyWritingToOthers');
    expect(statement).toMatchObject({
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Condition: { StringNotEquals: { 'aws:PrincipalArn': [arnOf(inspectorRole)] } },
    });
    expect([...listOf(statement?.Action ?? [])].sort()).toEqual([
      's3:DeleteObjectTagging',
      's3:DeleteObjectVersionTagging',
      's3:PutObject',
      's3:PutObjectTagging',
      's3:PutObjectVersionTagging',
    ]);
  });

  test('keeps objects until somebody deletes them, and what was deleted for thirty days', () => {
    const ruleOf = (of: Template) =>
      find(of, 'AWS::S3::Bucket', 'UploadsClean').Properties.LifecycleConfiguration.Rules[0];
    expect(ruleOf(template)).not.toHaveProperty('ExpirationInDays');
    expect(ruleOf(template)).toMatchObject({ NoncurrentVersionExpiration: { NoncurrentDays: 30 } });
  });
});
