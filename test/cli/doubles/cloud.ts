import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetEventSourceMappingCommand, GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { CommandTools, Program } from '../../../cli/command';
import { runBulwark } from '../../../cli/main';
import type { UsageKeyKindValue } from '../../../lib/contract/client-rows';
import { CONSUMER_HOLD, holdRowName } from '../../../lib/contract/consumer-hold';
import type { AuditRecord, BreakerRow } from '../../../lib/contract/control';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { DEVELOPER_FEDERATION_OUTPUT, RotationOutput, SpendOutput, StackOutput } from '../../../lib/contract/outputs';
import { ClientsDouble } from './clients';
import { deployment } from './deployment';
import { SecretsDouble } from './secrets';
import { SpendDouble } from './spend';
import { SqsDouble } from './sqs';

export const CALLER = 'arn:aws:iam::111122223333:user/on-call';
export const NOW = Date.parse('2026-11-22T12:00:00Z');

const OUTPUTS = {
  [StackOutput.API_URL]: `${deployment.apiUrl}/`,
  [StackOutput.API_ID]: deployment.apiId,
  [StackOutput.CLIENT_PLANS]: JSON.stringify(deployment.clientPlans),
  [StackOutput.REVOCATION_SECONDS]: String(deployment.revocationSeconds),
  [StackOutput.JOBS_TABLE]: deployment.jobsTable,
  [StackOutput.CLIENTS_TABLE]: deployment.clientsTable,
  [StackOutput.LIMITS_TABLE]: deployment.limitsTable,
  [StackOutput.QUEUE_URL]: deployment.queueUrl,
  [StackOutput.DEAD_LETTER_QUEUE_URL]: deployment.deadLetterQueueUrl,
  [StackOutput.CONTROL_TABLE]: deployment.controlTable,
  [StackOutput.AUDIT_TABLE]: deployment.auditTable,
  [StackOutput.CONSUMER_MAPPING_ID]: deployment.consumerMappingId,
};

/** What a deployment has beside them whose upstream key is stored. */
const SECRET_OUTPUTS = { [StackOutput.UPSTREAM_SECRET]: deployment.upstreamSecret };

/** What a deployment has beside them whose upstream key rotates. */
const ROTATION_OUTPUTS = {
  [RotationOutput.ROTATOR]: deployment.rotation.rotator,
  [RotationOutput.SWEEPER]: deployment.rotation.sweeper,
  [RotationOutput.ADMIN_SECRET]: deployment.rotation.adminSecret,
  [RotationOutput.POOL_SECRET]: deployment.rotation.poolSecret,
};

/** What a deployment has beside them whose spending is capped. */
const SPEND_OUTPUTS = {
  [SpendOutput.CONTROLLER]: deployment.spend.controller,
  [SpendOutput.CLIENT_CAPS]: JSON.stringify(deployment.spend.clientCaps),
};

const outputsOf = (values: Record<string, string | undefined>) =>
  Object.entries(values).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));

/** What the commands see of AWS, in memory, on a clock that only a command's own sleep moves. */
export class CloudDouble {
  nowMs = NOW;
  readonly sqs = new SqsDouble(() => this.nowMs);
  readonly secrets = new SecretsDouble(() => this.nowMs);
  readonly tables = mockClient(DynamoDBDocumentClient);
  readonly sts = mockClient(STSClient);
  readonly lambda = mockClient(LambdaClient);
  readonly spend = new SpendDouble(this.lambda);
  readonly stacks = mockClient(CloudFormationClient);
  readonly jobs = new Map<string, Record<string, unknown>>();
  readonly interruption = new AbortController();
  breaker: BreakerRow | undefined;
  readonly audit: AuditRecord[] = [];
  /** What the person at the terminal types; nobody is there where it is undefined. */
  typed: string | undefined;
  /** What the person was asked. */
  readonly questions: string[] = [];
  environment = 'dev';
  /** Whose usage key a new client gets. */
  usageKeys: UsageKeyKindValue = deployment.usageKeys;
  /** The clients, and API Gateway's usage keys. */
  readonly clients = new ClientsDouble(this.tables, () => this.nowMs);
  /** Whether the deployment's upstream key is stored. */
  hasSecret = true;
  /** Whether the deployment's upstream key rotates. */
  rotates = true;
  /** How the deployment says that people get tokens; it does not where it is undefined. */
  developerFederation: string | undefined;
  /** Whether what the deployment spends is capped. */
  hasSpendCap = true;
  /** What comes on standard input. */
  input = '';
  /** Programs that a command ran. */
  readonly programs: Program[] = [];
  /** With what the programs end. */
  programCode = 0;
  /** Runs a program. @default - none is run, and it ends with `programCode` */
  runProgram: CommandTools['runProgram'] | undefined;

  constructor() {
    this.stacks.on(DescribeStacksCommand).callsFake(() => ({
      Stacks: [
        {
          Outputs: outputsOf({
            ...OUTPUTS,
            [StackOutput.USAGE_KEYS]: this.usageKeys,
            ...(this.hasSecret && SECRET_OUTPUTS),
            ...(this.hasSecret && this.rotates && ROTATION_OUTPUTS),
            ...(this.developerFederation && { [DEVELOPER_FEDERATION_OUTPUT]: this.developerFederation }),
            ...(this.hasSpendCap && SPEND_OUTPUTS),
          }),
        },
      ],
    }));
    this.sts.on(GetCallerIdentityCommand).resolves({ Arn: CALLER });
    this.lambda
      .on(GetEventSourceMappingCommand, { UUID: deployment.consumerMappingId })
      .resolves({ State: 'Enabled', ScalingConfig: { MaximumConcurrency: 10 } });
    this.tables.on(GetCommand, { TableName: deployment.controlTable }).callsFake(({ Key }) => ({
      Item: Key.name === holdRowName(CONSUMER_HOLD) ? this.spend.world.held : this.breaker,
    }));
    this.tables
      .on(GetCommand, { TableName: deployment.jobsTable })
      .callsFake(({ Key }) => ({ Item: this.jobs.get(Key.jobId) }));
    this.tables.on(BatchGetCommand).callsFake(({ RequestItems }) => ({
      Responses: {
        [deployment.jobsTable]: RequestItems[deployment.jobsTable].Keys.flatMap(
          ({ jobId }: { jobId: string }) => this.jobs.get(jobId) ?? [],
        ),
      },
    }));
    this.tables.on(PutCommand, { TableName: deployment.controlTable }).callsFake(({ Item }) => {
      this.breaker = Item;
      return {};
    });
    this.tables.on(PutCommand, { TableName: deployment.auditTable }).callsFake(({ Item }) => {
      this.audit.push(Item);
      return {};
    });
    this.tables.on(UpdateCommand).resolves({});
    this.tables.on(QueryCommand).resolves({ Items: [] });
    this.clients.start();
  }

  /** Lets the rotator be told of a strategy. */
  rotateBy(strategy: string, settings: object): void {
    const Variables = {
      [EnvironmentKey.ROTATED_SECRET]: deployment.upstreamSecret,
      [EnvironmentKey.ROTATION_STRATEGY]: strategy,
      [EnvironmentKey.ROTATION_SETTINGS]: JSON.stringify(settings),
      [EnvironmentKey.ROTATION_GRACE_MS]: '86400000',
    };
    this.lambda
      .on(GetFunctionConfigurationCommand, { FunctionName: deployment.rotation.rotator })
      .resolves({ Environment: { Variables } });
  }

  /** A dead-lettered job and its message. */
  deadLetter(jobId: string, reason: string | undefined, row: Record<string, unknown> = {}): void {
    this.job(jobId, { status: 'dead-lettered', ...(reason && { failure: { reason } }), ...row });
    this.sqs.put(
      deployment.deadLetterQueueUrl,
      { jobId, correlationId: `c-${jobId.slice(-4)}` },
      { group: 'abcdefgh12345678', sentAtMs: this.nowMs - 3_600_000 },
    );
  }

  job(jobId: string, row: Record<string, unknown> = {}): void {
    this.jobs.set(jobId, {
      jobId,
      clientId: 'abcdefgh12345678',
      status: 'queued',
      model: 'claude-haiku-4-5',
      correlationId: `c-${jobId.slice(-4)}`,
      createdAt: '2026-11-22T10:00:00.000Z',
      updatedAt: '2026-11-22T11:00:00.000Z',
      expiresAt: this.nowMs / 1000 + 86_400,
      fence: 5,
      upstreamCalls: 7,
      reservation: { inputTokens: 120, outputTokens: 256 },
      ...row,
    });
  }

  /** Runs a command line as the shell would. */
  async bulwark(...args: string[]) {
    const printed: string[] = [];
    const errors: string[] = [];
    const output = {
      print: (line: string) => printed.push(line),
      printError: (line: string) => errors.push(line),
      ...(this.typed !== undefined && {
        ask: async (question: string) => {
          this.questions.push(question);
          return this.typed ?? '';
        },
      }),
    };
    const tools: CommandTools = {
      now: () => this.nowMs,
      sleep: async (ms) => {
        this.nowMs += ms;
      },
      signal: this.interruption.signal,
      readSecret: async () => this.input,
      runProgram: async (program) => {
        this.programs.push(program);
        return this.runProgram ? this.runProgram(program) : this.programCode;
      },
    };
    const code = await runBulwark(['--env', this.environment, ...args], output, tools);
    return { code, printed, errors };
  }
}

/** The n-th job's id. */
export const jobId = (n: number): string => `job_${n.toString(16).padStart(32, '0')}`;
