import { Match } from 'aws-cdk-lib/assertions';
import { StackOutput } from '../../../lib/contract/outputs';
import { ClientsTable, JobsTable } from '../../../lib/contract/tables';
import { synthEnvironment } from './synth-environment';

const prod = synthEnvironment('prod');
const dev = synthEnvironment('dev');
const underDataKey = { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: { 'Fn::GetAtt': ['DataKey', 'Arn'] } };

test('keeps each job as one item collection that expires, and streams its new rows', () => {
  prod.data.hasResourceProperties('AWS::DynamoDB::Table', {
    KeySchema: [
      { AttributeName: JobsTable.PARTITION_KEY, KeyType: 'HASH' },
      { AttributeName: JobsTable.SORT_KEY, KeyType: 'RANGE' },
    ],
    TimeToLiveSpecification: { AttributeName: JobsTable.TIME_TO_LIVE, Enabled: true },
    StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
    BillingMode: 'PAY_PER_REQUEST',
    SSESpecification: underDataKey,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
});

test('keeps each client as one row that does not expire', () => {
  prod.data.hasResourceProperties('AWS::DynamoDB::Table', {
    KeySchema: [{ AttributeName: ClientsTable.PARTITION_KEY, KeyType: 'HASH' }],
    TimeToLiveSpecification: Match.absent(),
    StreamSpecification: Match.absent(),
    BillingMode: 'PAY_PER_REQUEST',
    SSESpecification: underDataKey,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
});

test("keeps the upstream's credential under the data key, under the name that the processor reads", () => {
  prod.data.hasResourceProperties('AWS::SecretsManager::Secret', {
    KmsKeyId: { 'Fn::GetAtt': ['DataKey', 'Arn'] },
    GenerateSecretString: { SecretStringTemplate: '{}', GenerateStringKey: 'apiKey' },
  });
});

test('hides a received message for six runs of the processor', () => {
  prod.data.hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 6 * 300 });
});

test('rotates every key', () => {
  prod.data.allResourcesProperties('AWS::KMS::Key', { EnableKeyRotation: true });
});

describe('protection', () => {
  const stateful = ['AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::SQS::Queue', 'AWS::SecretsManager::Secret'];

  test.each(stateful)('retains every %s in prod', (type) => {
    prod.data.allResources(type, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test.each(stateful)('deletes every %s in dev', (type) => {
    dev.data.allResources(type, { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
  });

  test('protects tables and stacks against deletion in prod, and not in dev', () => {
    prod.data.allResourcesProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: true });
    dev.data.allResourcesProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
    const protectionOf = ({ stacks }: typeof prod) => [
      stacks.data.terminationProtection,
      stacks.service.terminationProtection,
    ];
    expect(protectionOf(prod)).toEqual([true, true]);
    expect(protectionOf(dev)).toEqual([false, false]);
  });
});

test('declares the outputs of the contract', () => {
  const { JOBS_TABLE, CLIENTS_TABLE, QUEUE_URL, DEAD_LETTER_QUEUE_URL, UPSTREAM_SECRET } = StackOutput;
  const refs: Record<string, string> = {
    [JOBS_TABLE]: 'JobsTable',
    [CLIENTS_TABLE]: 'ClientsTable',
    [QUEUE_URL]: 'WorkQueue',
    [DEAD_LETTER_QUEUE_URL]: 'WorkDeadLetterQueue',
    [UPSTREAM_SECRET]: 'UpstreamSecret',
  };
  for (const [name, logicalId] of Object.entries(refs)) {
    prod.data.hasOutput(name, { Value: { Ref: logicalId } });
  }
});
