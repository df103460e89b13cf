import type { Template } from 'aws-cdk-lib/assertions';
import { FUNCTIONS, listOf, type Statement, statementsOf, synthEnvironment } from './synth-environment';

const { service } = synthEnvironment('prod');

/** What every function may: write its logs and send traces. */
const COMMON = ['logs:CreateLogStream', 'logs:PutLogEvents', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'];

const KEY_TO_READ = ['kms:Decrypt', 'kms:DescribeKey'];
const KEY_TO_WRITE = [
  ...KEY_TO_READ,
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** Everything that a function may do beside `COMMON`. */
const ACTIONS: Record<(typeof FUNCTIONS)[number], string[]> = {
  AuthorizeClient: ['dynamodb:GetItem', ...KEY_TO_READ],
  SubmitJob: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', ...KEY_TO_WRITE],
  RelayOutbox: [
    'dynamodb:DescribeStream',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
    'kms:GenerateDataKey',
    ...KEY_TO_READ,
    'sqs:SendMessage',
  ],
  ProcessJob: [
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    ...KEY_TO_WRITE,
    'secretsmanager:GetSecretValue',
    'sqs:ChangeMessageVisibility',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:ReceiveMessage',
  ],
  ReadJob: ['dynamodb:GetItem', ...KEY_TO_READ],
  CheckHealth: [],
};

/** Every wildcard resource of the service, and why it is one. */
const WILDCARDS: Record<string, string> = {
  'xray:PutTelemetryRecords,xray:PutTraceSegments': 'X-Ray has no resources to name.',
  'dynamodb:ListStreams': 'The action takes no resource.',
};

test.each(FUNCTIONS)('%s may do what it needs and nothing else', (id) => {
  const actions = new Set(statementsOf(service, id).flatMap(({ Action }) => listOf(Action)));

  expect([...actions].sort()).toEqual([...COMMON, ...ACTIONS[id]].sort());
});

test('no role has a managed policy, a wildcard in an action, a scan or a query', () => {
  const roles = Object.entries(service.findResources('AWS::IAM::Role'));
  const managed = roles.filter(([, { Properties }]) => Properties.ManagedPolicyArns).map(([id]) => id);
  // API Gateway's own, which serves every API of the account.
  expect(managed).toEqual([expect.stringMatching(/^ApiCloudWatchRole/)]);
  expect(roles.filter(([, { Properties }]) => Properties.Policies)).toEqual([]);
  const actions = allStatements(service).flatMap(({ Action }) => listOf(Action));
  expect(actions.length).toBeGreaterThan(0);
  expect(actions.filter((action) => /\*|dynamodb:(Scan|Query)/.test(action))).toEqual([]);
});

test('every wildcard resource is one that has its reason', () => {
  const found = allStatements(service)
    .filter(({ Resource }) => JSON.stringify(Resource).includes('*'))
    .map(({ Action }) => listOf(Action).sort().join());

  expect(found.filter((actions) => !(actions in WILDCARDS))).toEqual([]);
  expect(found.filter((actions) => actions.startsWith('xray:'))).toHaveLength(FUNCTIONS.length);
  expect(found.filter((actions) => actions.startsWith('dynamodb:'))).toHaveLength(1);
});

test('the data key is used through a service or under the context of a job, never plainly', () => {
  const uses = allStatements(service).filter(({ Resource }) => JSON.stringify(Resource).includes('DataKey'));

  expect(uses.length).toBeGreaterThan(0);
  expect(uses.filter(({ Condition }) => !Condition)).toEqual([]);
});

test.each([
  ['SubmitJob', 'kms:GenerateDataKey'],
  ['ProcessJob', 'kms:Decrypt'],
  ['ReadJob', 'kms:Decrypt'],
])('%s has %s under the context of a job', (id, action) => {
  const underContext = statementsOf(service, id).filter(({ Condition }) => Condition?.['ForAllValues:StringEquals']);

  expect(underContext).toEqual([
    {
      Effect: 'Allow',
      Action: action,
      Resource: expect.anything(),
      Condition: {
        'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': ['jobId', 'clientId'] },
        // ForAllValues alone holds for a request without any context.
        Null: { 'kms:EncryptionContext:jobId': 'false', 'kms:EncryptionContext:clientId': 'false' },
      },
    },
  ]);
});

test.each([
  ['AuthorizeClient', 'ClientsTable'],
  ['SubmitJob', 'JobsTable'],
  ['ReadJob', 'JobsTable'],
  ['ProcessJob', 'JobsTable'],
])('%s reaches no table but %s', (id, table) => {
  const tables = statementsOf(service, id)
    .filter(({ Action }) => listOf(Action).some((action) => action.startsWith('dynamodb:')))
    .map(({ Resource }) => JSON.stringify(Resource));

  expect(tables).toEqual([expect.stringContaining(table)]);
});

function allStatements(template: Template): Statement[] {
  return Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  );
}
