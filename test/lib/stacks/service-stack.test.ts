import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ENVIRONMENTS } from '../../../bin/environments';
import { DataStack, ServiceStack, UsageKeys } from '../../../lib';
import { parsePlans } from '../../../lib/contract/client-plan';
import { UsageKeyKind } from '../../../lib/contract/client-rows';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { API_STAGE, SpendOutput, StackOutput } from '../../../lib/contract/outputs';
import { unpackPriceBook } from '../../../lib/contract/price-book-packing';
import { readPriceBook } from '../../../lib/contract/price-book-reading';
import { submissionSchema } from '../../../lib/contract/submission-schema';
import { version } from '../../../package.json';
import { ATTACKS } from '../../lambda/runtime/input/attacks';
import { evaluate } from '../api/waf-model';
import { SPEND } from './spend-settings';
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

test('has the functions of the service and no other', () => {
  const ids = Object.keys(prod.service.findResources('AWS::Lambda::Function')).map((id) => id.slice(0, -8));

  expect(ids.sort()).toEqual([...FUNCTIONS].sort());
});

test.each(FUNCTIONS)('tells %s the environment and the version', (id) => {
  expect(variablesOf(prod, id)).toMatchObject({
    [EnvironmentKey.ENVIRONMENT]: 'prod',
    [EnvironmentKey.VERSION]: version,
  });
});

const LEDGER = ['LEDGER_TABLE', 'LEDGER_SHARDS'] as const;
const PRICED_LEDGER = [...LEDGER, 'PRICE_BOOK'] as const;

test.each([
  ['AuthorizeClient', ['CLIENTS_TABLE', 'CLIENT_PLANS']],
  [
    'SubmitJob',
    ['JOBS_TABLE', 'LIMITS_TABLE', 'DATA_KEY_ARN', 'MAX_BODY_BYTES', 'JOB_RETENTION_DAYS', ...PRICED_LEDGER],
  ],
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
      'SECRET_MAX_STALE_MS',
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
      ...PRICED_LEDGER,
    ],
  ],
  ['ReadJob', ['JOBS_TABLE', 'DATA_KEY_ARN']],
  ['ReadUsage', ['LIMITS_TABLE', ...LEDGER]],
  ['CheckHealth', []],
  [
    'CheckReadiness',
    [
      'JOBS_TABLE',
      'LIMITS_TABLE',
      'CONTROL_TABLE',
      'QUEUE_URL',
      'UPSTREAM_URL',
      'UPSTREAM_SECRET',
      'SECRET_CACHE_MS',
      'SECRET_MAX_STALE_MS',
      ...LEDGER,
    ],
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
      ...LEDGER,
    ],
  ],
  [
    'ControlSpend',
    [
      'CONTROL_TABLE',
      'CONTROL_QUEUE_URL',
      'AUDIT_TABLE',
      'CONSUMER_MAPPING_ID',
      'CONSUMER_MAX_CONCURRENCY',
      'USAGE_PLANS',
      'GLOBAL_CAP_DAY',
      'GLOBAL_CAP_MONTH',
      ...PRICED_LEDGER,
    ],
  ],
  [
    'UploadsCreateUpload',
    [
      'UPLOADS_TABLE',
      'LIMITS_TABLE',
      'QUARANTINE_BUCKET',
      'UPLOAD_CONTENT_TYPES',
      'UPLOAD_MAX_BYTES',
      'UPLOAD_WINDOW_SECONDS',
      'UPLOAD_RECORD_DAYS',
    ],
  ],
  ['UploadsReadUpload', ['UPLOADS_TABLE']],
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

test.each(['local', 'dev', 'staging', 'prod'] as const)(
  'the caps of %s reach the function that deploys them, and nobody else',
  (name) => {
    const { dailyCapUsd, monthlyCapUsd } = ENVIRONMENTS[name];
    const stacks = { prod, local }[name as string] ?? synthEnvironment(name);

    expect(variablesOf(stacks, 'ControlSpend')).toMatchObject({
      [EnvironmentKey.GLOBAL_CAP_DAY]: String(dailyCapUsd * 1_000_000),
      [EnvironmentKey.GLOBAL_CAP_MONTH]: String(monthlyCapUsd * 1_000_000),
    });
    const others = FUNCTIONS.filter((id) => id !== 'ControlSpend');
    expect(others.filter((id) => EnvironmentKey.GLOBAL_CAP_DAY in variablesOf(stacks, id))).toEqual([]);
  },
);

test('whoever commits money counts with the prices of the one file', () => {
  const file = readFileSync(join(__dirname, '../../../config/prices.json'), 'utf8');
  const expected = readPriceBook(JSON.parse(file));

  for (const id of ['SubmitJob', 'ProcessJob', 'ControlSpend']) {
    expect(unpackPriceBook(variablesOf(prod, id)[EnvironmentKey.PRICE_BOOK] ?? '').models).toEqual(expected.models);
  }
});

test('controllers and sweeper know the mapping and its full concurrency, and the mapping none of them', () => {
  const [mapping] = Object.entries(prod.service.findResources('AWS::Lambda::EventSourceMapping')).find(
    ([, { Properties }]) => Properties.ScalingConfig?.MaximumConcurrency === 50,
  ) ?? [''];

  for (const id of ['ControlBreaker', 'SweepLeases', 'ControlSpend']) {
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

test('guards the routes of jobs, usage and uploads, and leaves health and readiness to everybody', () => {
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
    ['v1uploadsPOST', 'CUSTOM', true],
    ['v1uploadsidGET', 'CUSTOM', true],
    ['v1usageGET', 'CUSTOM', true],
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
    [
      StackOutput.API_URL,
      StackOutput.API_ID,
      StackOutput.USAGE_PLAN_ID,
      StackOutput.CLIENT_PLANS,
      StackOutput.USAGE_KEYS,
      StackOutput.REVOCATION_SECONDS,
      StackOutput.CONSUMER_MAPPING_ID,
      SpendOutput.CONTROLLER,
      SpendOutput.CLIENT_CAPS,
    ].sort(),
  );
  expect(JSON.stringify(outputs[StackOutput.API_URL].Value)).toMatch(/execute-api\.ap-northeast-2\./);
  prod.service.hasResourceProperties('AWS::ApiGateway::Stage', { StageName: API_STAGE });
});

describe('the plans of clients', () => {
  const plansOf = (stacks: typeof prod) =>
    parsePlans(variablesOf(stacks, 'AuthorizeClient')[EnvironmentKey.CLIENT_PLANS] ?? '');

  test('reach the authorizer as terms that it accepts, money in micro-USD', () => {
    expect(plansOf(prod)).toEqual({
      standard: {
        name: 'standard',
        requestsPerSecond: 10,
        burst: 20,
        spendPerJob: 2_500_000,
        spendPerDay: 25_000_000,
        spendPerMonth: 250_000_000,
      },
      trial: {
        name: 'trial',
        requestsPerSecond: 1,
        burst: 5,
        requestsPerDay: 500,
        spendPerJob: 100_000,
        spendPerDay: 1_000_000,
        spendPerMonth: 10_000_000,
        models: ['claude-haiku-4-5'],
      },
    });
    expect(plansOf(local)?.standard).toMatchObject({ requestsPerSecond: 1_000, burst: 5_000 });
  });

  test('are told to operators by the ids of their usage plans and shared keys', () => {
    const { Value } = prod.service.toJSON().Outputs[StackOutput.CLIENT_PLANS];
    const text = Value['Fn::Join'][1]
      .map((part: string | { Ref: string }) => (typeof part === 'string' ? part : part.Ref))
      .join('');

    expect(JSON.parse(text)).toEqual({
      standard: { usagePlanId: 'ApiClients4A2A29C4', sharedKeyId: 'ApiPlansKeystandard760993FF' },
      trial: { usagePlanId: 'ApiPlansClientstrial7C7CE60A', sharedKeyId: 'ApiPlansKeytrial88280AC5' },
    });
    prod.service.hasOutput(StackOutput.USAGE_PLAN_ID, { Value: { Ref: 'ApiClients4A2A29C4' } });
  });

  test.each([
    ['prod', prod, 60],
    ['local', local, 5],
  ] as const)(
    'of %s: a revocation takes as long as the gateway keeps an answer, and operators are told so',
    (_, stacks, seconds) => {
      stacks.service.hasResourceProperties('AWS::ApiGateway::Authorizer', { AuthorizerResultTtlInSeconds: seconds });
      stacks.service.hasOutput(StackOutput.REVOCATION_SECONDS, { Value: String(seconds) });
      stacks.service.hasOutput(StackOutput.USAGE_KEYS, { Value: UsageKeyKind.CLIENT });
    },
  );

  test('are one, the key each client’s own, and a minute, where nothing is said', () => {
    const app = new App();
    const env = { account: '111122223333', region: 'eu-west-1' };
    const data = new DataStack(app, 'data', { env, spend: SPEND, processTimeout: Duration.minutes(5) });
    const settings = { env, data, environmentName: 'prod', version: '1', upstreamUrl: 'https://llm.example.com' };
    const service = Template.fromStack(new ServiceStack(app, 'service', settings));
    expect(plansOf({ ...prod, service })).toEqual({ standard: { name: 'standard', requestsPerSecond: 10, burst: 20 } });
    service.hasOutput(StackOutput.REVOCATION_SECONDS, { Value: '60' });
    service.hasOutput(StackOutput.USAGE_KEYS, { Value: UsageKeyKind.CLIENT });
    expect(UsageKeys).toEqual(UsageKeyKind);
  });

  test('may all share the usage keys of their plans', () => {
    const app = new App();
    const env = { account: '111122223333', region: 'eu-west-1' };
    const data = new DataStack(app, 'data', { env, spend: SPEND, processTimeout: Duration.minutes(5) });
    const settings = { env, data, environmentName: 'prod', version: '1', upstreamUrl: 'https://llm.example.com' };
    const service = new ServiceStack(app, 'service', { ...settings, usageKeys: UsageKeys.PLAN });
    Template.fromStack(service).hasOutput(StackOutput.USAGE_KEYS, { Value: UsageKeyKind.PLAN });
  });
});
