import { Match } from 'aws-cdk-lib/assertions';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { API_STAGE, StackOutput } from '../../../lib/contract/outputs';
import { submissionSchema } from '../../../lib/contract/submission-schema';
import { version } from '../../../package.json';
import { ATTACKS } from '../../lambda/runtime/input/attacks';
import { evaluate } from '../api/waf-model';
import { FUNCTIONS, synthEnvironment } from './synth-environment';

const prod = synthEnvironment('prod');
const local = synthEnvironment('local');

/** Environment variables of one function. */
function variablesOf({ service }: typeof prod, id: string): Record<string, string> {
  const functions = Object.entries(service.findResources('AWS::Lambda::Function'));
  return functions.find(([logicalId]) => logicalId.startsWith(id))?.[1].Properties.Environment.Variables;
}

function timeoutOf({ service }: typeof prod, id: string): number {
  const functions = Object.entries(service.findResources('AWS::Lambda::Function'));
  return functions.find(([logicalId]) => logicalId.startsWith(id))?.[1].Properties.Timeout;
}

test('has the nine functions and no other', () => {
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
      'SECRET_CACHE_MS',
      'PROCESS_BUDGET_MS',
      'LEASE_MS',
      'MAX_RECEIVE_COUNT',
      'DEAD_LETTER_QUEUE_URL',
      'CONTROL_TABLE',
      'BREAKER_FAILURES',
      'BREAKER_FAILURE_PERCENT',
      'BREAKER_SLOW_CALL_MS',
      'BREAKER_OPEN_FOR_MS',
      'BREAKER_MAX_OPEN_FOR_MS',
      'BREAKER_SUCCESSES_TO_CLOSE',
      'OUTAGE_PATIENCE_MS',
    ],
  ],
  ['ReadJob', ['JOBS_TABLE', 'DATA_KEY_ARN']],
  ['CheckHealth', []],
  [
    'CheckReadiness',
    ['JOBS_TABLE', 'CONTROL_TABLE', 'QUEUE_URL', 'UPSTREAM_URL', 'UPSTREAM_SECRET', 'SECRET_CACHE_MS'],
  ],
  [
    'ControlBreaker',
    [
      'CONTROL_TABLE',
      'CONTROL_QUEUE_URL',
      'QUEUE_URL',
      'CONSUMER_MAPPING_ID',
      'CONSUMER_MAX_CONCURRENCY',
      'RESUME_STEP_SECONDS',
      'PROCESSOR_FUNCTION',
    ],
  ],
  [
    'SweepLeases',
    [
      'JOBS_TABLE',
      'CONTROL_TABLE',
      'CONTROL_QUEUE_URL',
      'QUEUE_URL',
      'DEAD_LETTER_QUEUE_URL',
      'CONSUMER_MAPPING_ID',
      'CONSUMER_MAX_CONCURRENCY',
      'RESUME_STEP_SECONDS',
      'STUCK_AFTER_MS',
      'QUEUE_RETENTION_MS',
    ],
  ],
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
  const relay = mappings.find(({ Properties }) => Properties.BisectBatchOnFunctionError)?.Properties;

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

test.each(['RelayOutbox', 'ControlBreaker'])('%s follows its stream only once its role may list streams', (id) => {
  const [listing] = Object.keys(prod.service.findResources('AWS::IAM::Policy')).filter((name) =>
    name.startsWith(`${id}ListStreams`),
  );

  expect(listing).toBeDefined();
  prod.service.hasResource('AWS::Lambda::EventSourceMapping', {
    Properties: { StartingPosition: 'TRIM_HORIZON' },
    DependsOn: [listing],
  });
});

test('follows the breakers of the control table, and holds up none of them for one that cannot be followed', () => {
  const mappings = Object.values(prod.service.findResources('AWS::Lambda::EventSourceMapping'));
  const control = mappings.find(({ Properties }) => Properties.MaximumRecordAgeInSeconds)?.Properties;

  expect(control).toMatchObject({ MaximumRecordAgeInSeconds: 300, FunctionResponseTypes: ['ReportBatchItemFailures'] });
  expect(control.FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) => JSON.parse(Pattern))).toEqual([
    { eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: { name: { S: [{ prefix: 'breaker#' }] } } } },
  ]);
});

test('sweeps every minute, and never two sweeps for one minute', () => {
  prod.service.hasResourceProperties('AWS::Events::Rule', {
    ScheduleExpression: 'rate(1 minute)',
    Targets: [Match.objectLike({ RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 } })],
  });
});

test.each(FUNCTIONS)('%s is ended in a loop, unless the loop is on purpose', (id) => {
  const functions = Object.entries(prod.service.findResources('AWS::Lambda::Function'));
  const [, found] = functions.find(([logicalId]) => logicalId.startsWith(id)) ?? [];

  // Both send messages to a queue that they read themselves, at the pace of the breaker's windows.
  const isLoop = ['ProcessJob', 'ControlBreaker'].includes(id);
  expect(found?.Properties.RecursiveLoop).toBe(isLoop ? 'Allow' : 'Terminate');
});

test('the controller may wait for a whole run of the processor', () => {
  expect(timeoutOf(prod, 'ControlBreaker')).toBe(timeoutOf(prod, 'ProcessJob') + 30);
  expect(timeoutOf(local, 'ControlBreaker')).toBe(timeoutOf(local, 'ProcessJob') + 30);
});

test.each([
  ['prod', prod, { openFor: 30_000, atMost: 60_000, failures: 5, step: 30, stuck: 900_000, patience: 86_400_000 }],
  ['local', local, { openFor: 3_000, atMost: 6_000, failures: 20, step: 2, stuck: 60_000, patience: 86_400_000 }],
] as const)('in %s, an outage means what the environment says', (_, stacks, expected) => {
  expect(variablesOf(stacks, 'ProcessJob')).toMatchObject({
    [EnvironmentKey.BREAKER_OPEN_FOR_MS]: String(expected.openFor),
    [EnvironmentKey.BREAKER_MAX_OPEN_FOR_MS]: String(expected.atMost),
    [EnvironmentKey.BREAKER_FAILURES]: String(expected.failures),
    [EnvironmentKey.BREAKER_FAILURE_PERCENT]: '50',
    [EnvironmentKey.BREAKER_SLOW_CALL_MS]: '0',
    [EnvironmentKey.BREAKER_SUCCESSES_TO_CLOSE]: '2',
    [EnvironmentKey.OUTAGE_PATIENCE_MS]: String(expected.patience),
  });
  expect(variablesOf(stacks, 'ControlBreaker')).toMatchObject({
    [EnvironmentKey.RESUME_STEP_SECONDS]: String(expected.step),
  });
  expect(variablesOf(stacks, 'SweepLeases')).toMatchObject({
    [EnvironmentKey.STUCK_AFTER_MS]: String(expected.stuck),
    [EnvironmentKey.QUEUE_RETENTION_MS]: String(4 * 86_400_000),
  });
});

test('controller and sweeper know the mapping and its full concurrency, and the mapping neither of them', () => {
  const [mapping] = Object.entries(prod.service.findResources('AWS::Lambda::EventSourceMapping')).find(
    ([, { Properties }]) => Properties.ScalingConfig?.MaximumConcurrency === 50,
  ) ?? [''];

  for (const id of ['ControlBreaker', 'SweepLeases']) {
    expect(variablesOf(prod, id)).toMatchObject({
      [EnvironmentKey.CONSUMER_MAPPING_ID]: { Ref: mapping },
      [EnvironmentKey.CONSUMER_MAX_CONCURRENCY]: '50',
    });
  }
  prod.service.hasOutput(StackOutput.CONSUMER_MAPPING_ID, { Value: { Ref: mapping } });
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

test.each([
  ['/api/v1/jobs', 'ALLOW'],
  ['/v1/jobs', 'ALLOW'],
  ['/api/v1/usage', 'BLOCK'],
  ['/api/v1/jobs/job_1', 'BLOCK'],
] as const)('a long prompt with a query and a script on %s: %s by the firewall', (uri, action) => {
  const [acl] = Object.values(prod.service.findResources('AWS::WAFv2::WebACL'));
  const headers = { 'user-agent': 'client' };
  const attack = `${ATTACKS.script[0]} ${ATTACKS.sql[0]}`;
  for (const body of [`${'Explain this. '.repeat(15_000)}${attack}`, attack, 'y'.repeat(8193)]) {
    expect(evaluate(acl?.Properties.Rules, { uri, body, headers }).action).toBe(action);
  }
});

test('guards both routes of jobs, and leaves health and readiness to everybody', () => {
  const methods = Object.entries(prod.service.findResources('AWS::ApiGateway::Method')).map(([id, { Properties }]) => [
    id.slice('Api'.length, -8),
    Properties.AuthorizationType,
    Properties.ApiKeyRequired ?? false,
  ]);

  expect(methods.sort()).toEqual([
    ['healthGET', 'NONE', false],
    ['readyGET', 'NONE', false],
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
    [StackOutput.API_URL, StackOutput.API_ID, StackOutput.USAGE_PLAN_ID, StackOutput.CONSUMER_MAPPING_ID].sort(),
  );
  expect(JSON.stringify(outputs[StackOutput.API_URL].Value)).toMatch(/execute-api\.ap-northeast-2\./);
  prod.service.hasResourceProperties('AWS::ApiGateway::Stage', { StageName: API_STAGE });
});
