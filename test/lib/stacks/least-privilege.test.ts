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

const READ_LEDGER = ['dynamodb:BatchGetItem', 'dynamodb:GetItem'];
const COMMIT = [...READ_LEDGER, 'dynamodb:ConditionCheckItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'];

/** Everything that a function may do beside `COMMON`. */
const ACTIONS: Record<(typeof FUNCTIONS)[number], string[]> = {
  AuthorizeClient: ['dynamodb:GetItem', ...KEY_TO_READ],
  SubmitJob: [...COMMIT, 'dynamodb:DeleteItem', ...KEY_TO_WRITE],
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
    ...COMMIT,
    ...KEY_TO_WRITE,
    'secretsmanager:GetSecretValue',
    'sqs:ChangeMessageVisibility',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:ReceiveMessage',
    'sqs:SendMessage',
  ],
  ReadJob: ['dynamodb:GetItem', ...KEY_TO_READ],
  ReadUsage: [...READ_LEDGER, ...KEY_TO_READ],
  CheckHealth: [],
  CheckReadiness: [...READ_LEDGER, ...KEY_TO_READ, 'secretsmanager:GetSecretValue', 'sqs:GetQueueAttributes'],
  ControlBreaker: [
    'dynamodb:DescribeStream',
    'dynamodb:GetItem',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
    'kms:GenerateDataKey',
    ...KEY_TO_READ,
    'lambda:GetEventSourceMapping',
    'lambda:InvokeFunction',
    'lambda:UpdateEventSourceMapping',
    'sqs:ChangeMessageVisibility',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:ReceiveMessage',
    'sqs:SendMessage',
  ],
  SweepLeases: [
    ...COMMIT,
    'dynamodb:Query',
    ...KEY_TO_WRITE,
    'lambda:GetEventSourceMapping',
    'sqs:GetQueueAttributes',
    'sqs:SendMessage',
  ],
  ControlSpend: [
    'apigateway:GET',
    'apigateway:PATCH',
    ...COMMIT,
    ...KEY_TO_WRITE,
    'lambda:GetEventSourceMapping',
    'lambda:UpdateEventSourceMapping',
    'sqs:SendMessage',
  ],
  UploadsCreateUpload: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', ...KEY_TO_WRITE, 's3:PutObject'],
  UploadsReadUpload: ['dynamodb:GetItem', ...KEY_TO_READ],
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

test('no role has a managed policy, a wildcard in an action or a scan', () => {
  const roles = Object.entries(service.findResources('AWS::IAM::Role'));
  const managed = roles.filter(([, { Properties }]) => Properties.ManagedPolicyArns).map(([id]) => id);
  // API Gateway's own, which serves every API of the account.
  expect(managed).toEqual([expect.stringMatching(/^ApiCloudWatchRole/)]);
  expect(roles.filter(([, { Properties }]) => Properties.Policies)).toEqual([]);
  const actions = allStatements(service).flatMap(({ Action }) => listOf(Action));
  expect(actions.length).toBeGreaterThan(0);
  expect(actions.filter((action) => /\*|dynamodb:Scan/.test(action))).toEqual([]);
});

test('every wildcard resource is one that has its reason', () => {
  const found = allStatements(service)
    .filter(({ Resource }) => JSON.stringify(Resource).includes('*'))
    .map(({ Action }) => listOf(Action).sort().join());

  expect(found.filter((actions) => !(actions in WILDCARDS))).toEqual([]);
  expect(found.filter((actions) => actions.startsWith('xray:'))).toHaveLength(FUNCTIONS.length);
  expect(found.filter((actions) => actions.startsWith('dynamodb:'))).toHaveLength(2);
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

const READ = ['dynamodb:GetItem'];
const LEDGER_READS = [...READ_LEDGER].sort();
const COMMITS = [...COMMIT].sort();

/** What each function may do with the items of which table. */
const TABLES: Record<string, Record<string, string[]>> = {
  AuthorizeClient: { ClientsTable: READ },
  SubmitJob: {
    LedgerTable: COMMITS,
    LimitsTable: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
    JobsTable: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem'],
  },
  ReadJob: { JobsTable: READ },
  ReadUsage: { LedgerTable: LEDGER_READS, LimitsTable: READ },
  ProcessJob: {
    LedgerTable: COMMITS,
    JobsTable: ['dynamodb:PutItem', 'dynamodb:UpdateItem'],
    ControlTable: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
  },
  CheckReadiness: { LedgerTable: LEDGER_READS, JobsTable: READ, LimitsTable: READ, ControlTable: READ },
  ControlBreaker: { ControlTable: READ },
  SweepLeases: {
    LedgerTable: COMMITS,
    'LedgerTable index': ['dynamodb:Query'],
    JobsTable: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
    ControlTable: READ,
    'JobsTable index': ['dynamodb:Query'],
  },
  ControlSpend: {
    LedgerTable: COMMITS,
    ControlTable: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    AuditTable: ['dynamodb:PutItem'],
  },
  UploadsCreateUpload: { UploadsTable: ['dynamodb:PutItem'], LimitsTable: ['dynamodb:GetItem', 'dynamodb:UpdateItem'] },
  UploadsReadUpload: { UploadsTable: READ },
};

test.each(FUNCTIONS)('%s reaches the tables that it needs and no other', (id) => {
  const items = statementsOf(service, id).filter(({ Action }) =>
    listOf(Action).some((action) => /^dynamodb:(?!.*(Stream|Records|ShardIterator))/.test(action)),
  );

  const reached = items.flatMap(({ Action, Resource }) =>
    [Resource].flat().map((resource) => [tableIn(resource), listOf(Action)] as const),
  );

  expect(Object.fromEntries(reached)).toEqual(TABLES[id] ?? {});
});

test('the only queries are the sweeper’s, of the indexes of due jobs and of open reservations', () => {
  const queries = allStatements(service).filter(({ Action }) => listOf(Action).includes('dynamodb:Query'));

  expect(queries).toEqual(
    statementsOf(service, 'SweepLeases').filter(({ Action }) => listOf(Action).includes('dynamodb:Query')),
  );
  const indexes = queries.flatMap(({ Resource }) => [Resource].flat()).map((resource) => JSON.stringify(resource));
  expect(indexes.sort()).toEqual([
    expect.stringMatching(/JobsTable.*"\/index\/due"/),
    expect.stringMatching(/LedgerTable.*"\/index\/leases"/),
  ]);
});

test('the watch over spending may put into the audit table, and nobody may do anything else with it', () => {
  const onAudit = (statements: Statement[]) =>
    statements.filter(({ Resource }) => JSON.stringify(Resource).includes('AuditTable'));

  const [put, ...others] = onAudit(allStatements(service));
  expect(others).toEqual([]);
  expect([put]).toEqual(onAudit(statementsOf(service, 'ControlSpend')));
  expect(put).toMatchObject({ Effect: 'Allow', Action: 'dynamodb:PutItem' });
});

test('only the two controllers may change a mapping, and only that of the processor; one may call the processor alone', () => {
  const [mapping] = Object.entries(service.findResources('AWS::Lambda::EventSourceMapping')).find(
    ([, { Properties }]) => Properties.ScalingConfig?.MaximumConcurrency === 50,
  ) ?? [''];
  const [processor] = Object.keys(service.findResources('AWS::Lambda::Function')).filter((id) =>
    id.startsWith('ProcessJob'),
  );
  const lambdaStatements = (action: string) =>
    allStatements(service).filter(({ Action }) => listOf(Action).includes(action));

  const changes = lambdaStatements('lambda:UpdateEventSourceMapping');
  expect(changes).toEqual(
    ['ControlBreaker', 'ControlSpend'].flatMap((id) =>
      statementsOf(service, id).filter(({ Action }) => listOf(Action).includes('lambda:UpdateEventSourceMapping')),
    ),
  );
  expect(changes).toHaveLength(2);
  for (const { Resource } of changes) {
    expect(JSON.stringify(Resource)).toMatch(new RegExp(`:event-source-mapping:.*"${mapping}"`));
  }
  expect(lambdaStatements('lambda:InvokeFunction')).toEqual([
    { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { 'Fn::GetAtt': [processor, 'Arn'] } },
  ]);
});

test('only the watch over spending may change an API, and of it the usage plans of the service alone', () => {
  const plans = Object.keys(service.findResources('AWS::ApiGateway::UsagePlan'));
  const changes = allStatements(service).filter(({ Action }) =>
    listOf(Action).some((action) => action.startsWith('apigateway:')),
  );

  expect(changes).toEqual([
    { Effect: 'Allow', Action: ['apigateway:GET', 'apigateway:PATCH'], Resource: expect.any(Array) },
  ]);
  expect(statementsOf(service, 'ControlSpend')).toContainEqual(changes[0]);
  const named = [changes[0]?.Resource].flat().map((resource) => JSON.stringify(resource));
  expect(plans.length).toBeGreaterThan(1);
  expect(named.map((text) => /usageplans\/",\{"Ref":"(\w+)"/.exec(text)?.[1]).sort()).toEqual(plans.sort());
});

/** The table that a resource names, and whether it is an index of it. */
function tableIn(resource: unknown): string {
  const text = JSON.stringify(resource);
  const table =
    /(ClientsTable|JobsTable|LimitsTable|ControlTable|AuditTable|UploadsTable|LedgerTable)/.exec(text)?.[0] ?? text;
  return text.includes('/index/') ? `${table} index` : table;
}

function allStatements(template: Template): Statement[] {
  return Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  );
}
