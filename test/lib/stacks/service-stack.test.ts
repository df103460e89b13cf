import { Match } from 'aws-cdk-lib/assertions';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { API_STAGE, StackOutput } from '../../../lib/contract/outputs';
import { submissionSchema } from '../../../lib/contract/submission-schema';
import { version } from '../../../package.json';
import { FUNCTIONS, synthEnvironment } from './synth-environment';

const prod = synthEnvironment('prod');
const local = synthEnvironment('local');

/** Environment variables of one function. */
function variablesOf({ service }: typeof prod, id: string): Record<string, string> {
  const functions = Object.entries(service.findResources('AWS::Lambda::Function'));
  return functions.find(([logicalId]) => logicalId.startsWith(id))?.[1].Properties.Environment.Variables;
}

test('has the six functions and no other', () => {
  const ids = Object.keys(prod.service.findResources('AWS::Lambda::Function')).map((id) => id.slice(0, -8));

  expect(ids.sort()).toEqual([...FUNCTIONS].sort());
});

test.each(FUNCTIONS)('tells %s the environment and the version', (id) => {
  expect(variablesOf(prod, id)).toMatchObject({
    [EnvironmentKey.ENVIRONMENT]: 'prod',
    [EnvironmentKey.VERSION]: version,
  });
});

test.each([
  ['AuthorizeClient', ['CLIENTS_TABLE']],
  ['SubmitJob', ['JOBS_TABLE', 'DATA_KEY_ARN', 'MAX_BODY_BYTES', 'JOB_RETENTION_DAYS']],
  ['RelayOutbox', ['QUEUE_URL']],
  [
    'ProcessJob',
    [
      'JOBS_TABLE',
      'DATA_KEY_ARN',
      'QUEUE_URL',
      'UPSTREAM_URL',
      'UPSTREAM_SECRET',
      'PROCESS_BUDGET_MS',
      'LEASE_MS',
      'MAX_RECEIVE_COUNT',
    ],
  ],
  ['ReadJob', ['JOBS_TABLE', 'DATA_KEY_ARN']],
  ['CheckHealth', []],
] as const)('tells %s what it reads and no more', (id, keys) => {
  const common = ['NODE_OPTIONS', EnvironmentKey.ENVIRONMENT, EnvironmentKey.VERSION];

  expect(Object.keys(variablesOf(prod, id)).sort()).toEqual(
    [...common, ...keys.map((key) => EnvironmentKey[key])].sort(),
  );
});

test.each([
  ['prod', prod, 300_000],
  ['local', local, 20_000],
] as const)('in %s, the budget ends before the function and the lease after it', (_, stacks, timeoutMs) => {
  stacks.service.hasResourceProperties('AWS::Lambda::Function', { Timeout: timeoutMs / 1000 });
  expect(variablesOf(stacks, 'ProcessJob')).toMatchObject({
    [EnvironmentKey.PROCESS_BUDGET_MS]: String(timeoutMs - 3000),
    [EnvironmentKey.LEASE_MS]: String(timeoutMs + 5000),
    [EnvironmentKey.MAX_RECEIVE_COUNT]: '5',
  });
});

test('relays new queued jobs and never gives a record up', () => {
  const mappings = Object.values(prod.service.findResources('AWS::Lambda::EventSourceMapping'));
  const relay = mappings.find(({ Properties }) => Properties.StartingPosition)?.Properties;

  expect(relay).toMatchObject({
    StartingPosition: 'TRIM_HORIZON',
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    BisectBatchOnFunctionError: true,
  });
  expect(relay).not.toHaveProperty('MaximumRetryAttempts');
  expect(relay).not.toHaveProperty('MaximumRecordAgeInSeconds');
  expect(relay.FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) => JSON.parse(Pattern))).toEqual([
    { eventName: ['INSERT'], dynamodb: { NewImage: { part: { S: ['job'] }, status: { S: ['queued'] } } } },
  ]);
});

test('follows the stream only once its role may list streams', () => {
  const [listing] = Object.keys(prod.service.findResources('AWS::IAM::Policy')).filter((id) =>
    id.startsWith('RelayOutboxListStreams'),
  );

  prod.service.hasResource('AWS::Lambda::EventSourceMapping', {
    Properties: { StartingPosition: 'TRIM_HORIZON' },
    DependsOn: [listing],
  });
});

test('processes with partial batch responses under the concurrency of the environment', () => {
  prod.service.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: 50 },
    BatchSize: 5,
  });
});

test('checks a submission at the gateway against the schema of the contract', () => {
  prod.service.hasResourceProperties('AWS::ApiGateway::Model', {
    Schema: { ...submissionSchema, $schema: 'http://json-schema.org/draft-04/schema#' },
  });
});

test('guards both routes of jobs, and leaves health to everybody', () => {
  const methods = Object.entries(prod.service.findResources('AWS::ApiGateway::Method')).map(([id, { Properties }]) => [
    id.slice('Api'.length, -8),
    Properties.AuthorizationType,
    Properties.ApiKeyRequired ?? false,
  ]);

  expect(methods.sort()).toEqual([
    ['healthGET', 'NONE', false],
    ['v1jobsPOST', 'CUSTOM', true],
    ['v1jobsidGET', 'CUSTOM', true],
  ]);
});

test('keeps logs for 90 days and beyond the stack in prod, and for a day and no longer locally', () => {
  prod.service.allResources('AWS::Logs::LogGroup', {
    Properties: Match.objectLike({ RetentionInDays: 90 }),
    DeletionPolicy: 'Retain',
  });
  local.service.allResources('AWS::Logs::LogGroup', {
    Properties: Match.objectLike({ RetentionInDays: 1 }),
    DeletionPolicy: 'Delete',
  });
});

test('declares the outputs of the contract', () => {
  const outputs = prod.service.toJSON().Outputs;

  expect(Object.keys(outputs).sort()).toEqual(
    [StackOutput.API_URL, StackOutput.API_ID, StackOutput.USAGE_PLAN_ID].sort(),
  );
  expect(JSON.stringify(outputs[StackOutput.API_URL].Value)).toMatch(/execute-api\.ap-northeast-2\./);
  prod.service.hasResourceProperties('AWS::ApiGateway::Stage', { StageName: API_STAGE });
});
