import type { Template } from 'aws-cdk-lib/assertions';
import { ENVIRONMENT_NAMES } from '../../../bin/environments';
import { synthEnvironment } from './synth-environment';

/**
 * A changed logical id makes CloudFormation create a new resource and leave or delete the old one with its data.
 * Never change this list to make a test pass: give the construct its old id back.
 */
const DATA = {
  'AWS::DynamoDB::Table': [
    'AuditTable',
    'ClientsTable',
    'ControlTable',
    'JobsTable',
    'LedgerTable',
    'LimitsTable',
    'UploadsTable',
  ],
  'AWS::KMS::Key': ['BulwarkLogsKeyE5F5354D', 'CredentialKey', 'DataKey', 'UploadsKey', 'WorkQueueKey'],
  'AWS::Logs::LogGroup': [
    'UploadsInspectUploadLogs7FFE4679',
    'UpstreamSecretRotateSecretLogsD08DF421',
    'UpstreamSecretSweepKeysLogsCA20F5D2',
  ],
  'AWS::S3::Bucket': ['UploadCleanBucket', 'UploadQuarantineBucket'],
  'AWS::SQS::Queue': [
    'ControlDeadLetterQueue',
    'ControlQueue',
    'UploadsDeadLetterQueue',
    'UploadsQueue',
    'WorkDeadLetterQueue',
    'WorkQueue',
  ],
  'AWS::SecretsManager::Secret': ['UpstreamAdminSecret', 'UpstreamPoolSecret', 'UpstreamSecret'],
};

const SERVICE = {
  'AWS::KMS::Key': ['BulwarkLogsKeyE5F5354D'],
  'AWS::ApiGateway::RestApi': ['ApiCD79AAA0'],
  // Rows of clients name the values of these keys, and the clients' own keys are in these usage plans.
  'AWS::ApiGateway::ApiKey': ['ApiPlansKeystandard760993FF', 'ApiPlansKeytrial88280AC5'],
  'AWS::ApiGateway::UsagePlan': [
    'ApiClients4A2A29C4',
    'ApiPlansClientstrial7C7CE60A',
    'ApiPlansSharedstandard188BE41F',
    'ApiPlansSharedtrial0CB2302F',
  ],
  'AWS::Logs::LogGroup': [
    'ApiAccessLog713001CC',
    'ApiFirewallLog5912AAA9',
    'AuthorizeClientLogs43B34D26',
    'CheckHealthLogs21738AED',
    'CheckReadinessLogs2B0994E0',
    'ControlBreakerLogs1EA5BB15',
    'ControlSpendLogs882FD68E',
    'ProcessJobLogs8318C638',
    'ReadJobLogs347722F5',
    'ReadUsageLogs3AAA8DC4',
    'RelayOutboxLogs6C2BF525',
    'SubmitJobLogs6F9A239E',
    'SweepLeasesLogs53892D11',
    'UploadsCreateUploadLogs816F664A',
    'UploadsReadUploadLogs94F4644F',
  ],
};

describe.each(ENVIRONMENT_NAMES)('in %s', (name) => {
  const { data, service } = synthEnvironment(name);

  test.each(Object.entries(DATA))('the data stack keeps its %s', (type, ids) => {
    expect(idsOf(data, type)).toEqual(ids);
  });

  test.each(Object.entries(SERVICE))('the service stack keeps its %s', (type, ids) => {
    expect(idsOf(service, type)).toEqual(ids);
  });

  test('every stateful type of the templates is in one of the lists', () => {
    const stateful =
      /^AWS::(DynamoDB|KMS|SQS|SecretsManager|Logs|S3|RDS|ElastiCache|Backup|EFS)::(?!QueuePolicy|BucketPolicy|ResourcePolicy|RotationSchedule)/;
    const typesOf = (template: Template) => [
      ...new Set(
        Object.values(template.toJSON().Resources as Record<string, { Type: string }>).map(({ Type }) => Type),
      ),
    ];

    expect(typesOf(data).filter((type) => stateful.test(type) && !(type in DATA))).toEqual([]);
    expect(typesOf(service).filter((type) => stateful.test(type) && !(type in SERVICE))).toEqual([]);
  });
});

function idsOf(template: Template, type: string): string[] {
  return Object.keys(template.findResources(type)).sort();
}
