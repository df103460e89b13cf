import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { UsageKeyKindValue } from '../lib/contract/client-rows';
import {
  DEVELOPER_FEDERATION_OUTPUT,
  type PlanIdsByName,
  RotationOutput,
  SpendOutput,
  StackOutput,
  stackNames,
} from '../lib/contract/outputs';
import type { ClientCapsByPlan } from '../lib/contract/spend-control';
import { CommandFailure } from './failure';

/** Where a command finds AWS, and with which credentials. */
export interface AwsAccess {
  /** @default the SDK's own, from AWS_REGION or the profile */
  readonly region?: string;
  /** Endpoint of every service, such as an emulator's. @default the Region's own endpoints */
  readonly endpoint?: string;
  /** @default the SDK's own chain */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Whether the services are an emulator's and not AWS's own. */
export function isEmulated({ endpoint = process.env.AWS_ENDPOINT_URL }: AwsAccess): boolean {
  return !!endpoint && !/(^|\.)amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}

/** What the stacks of one environment are called and where they are. */
export interface Deployment {
  readonly environment: string;
  readonly apiUrl: string;
  readonly apiId: string;
  readonly clientPlans: PlanIdsByName;
  /** Whose usage key a new client gets. */
  readonly usageKeys: UsageKeyKindValue;
  /** Seconds after which every request of a revoked client is refused. */
  readonly revocationSeconds: number;
  readonly jobsTable: string;
  readonly clientsTable: string;
  readonly limitsTable: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** Empty where no upstream credential is stored. */
  readonly upstreamSecret: string;
  /** How people get tokens of the upstream by their own identity, as JSON; empty where they get none. */
  readonly developerFederation: string;
  readonly controlTable: string;
  readonly auditTable: string;
  /** UUID of the processor's event-source mapping. */
  readonly consumerMappingId: string;
  /** What rotates the upstream's key; empty where nothing does. */
  readonly rotation: {
    /** Name of the function that carries out the four steps. */
    readonly rotator?: string;
    /** Name of the function that retires old keys. */
    readonly sweeper?: string;
    readonly adminSecret?: string;
    readonly poolSecret?: string;
  };
  readonly spend: {
    /** Name of the function that controls spending. @default - nothing caps it */
    readonly controller?: string;
    /** What the clients of each plan may spend. */
    readonly clientCaps: ClientCapsByPlan;
  };
}

/**
 * Reads the outputs of an environment's stacks.
 * @throws CommandFailure when a stack or one of its outputs is not there.
 */
export async function findDeployment(environment: string, access: AwsAccess): Promise<Deployment> {
  const names = stackNames(environment);
  const client = new CloudFormationClient({ ...access });
  const outputs = new Map<string, string>();
  for (const stackName of [names.data, names.service]) {
    for (const [key, value] of await outputsOf(client, stackName)) outputs.set(key, value);
  }
  const output = (key: string): string => {
    const value = outputs.get(key);
    if (!value)
      throw new CommandFailure(`the stacks of ${environment} have no output ${key}: deploy this version first`);
    return value;
  };
  return {
    environment,
    apiUrl: output(StackOutput.API_URL).replace(/\/$/, ''),
    apiId: output(StackOutput.API_ID),
    clientPlans: planIdsFrom(output(StackOutput.CLIENT_PLANS)),
    usageKeys: output(StackOutput.USAGE_KEYS) as UsageKeyKindValue,
    revocationSeconds: Number(output(StackOutput.REVOCATION_SECONDS)),
    jobsTable: output(StackOutput.JOBS_TABLE),
    clientsTable: output(StackOutput.CLIENTS_TABLE),
    limitsTable: output(StackOutput.LIMITS_TABLE),
    queueUrl: output(StackOutput.QUEUE_URL),
    deadLetterQueueUrl: output(StackOutput.DEAD_LETTER_QUEUE_URL),
    upstreamSecret: outputs.get(StackOutput.UPSTREAM_SECRET) ?? '',
    developerFederation: outputs.get(DEVELOPER_FEDERATION_OUTPUT) ?? '',
    controlTable: output(StackOutput.CONTROL_TABLE),
    auditTable: output(StackOutput.AUDIT_TABLE),
    consumerMappingId: output(StackOutput.CONSUMER_MAPPING_ID),
    rotation: {
      rotator: outputs.get(RotationOutput.ROTATOR),
      sweeper: outputs.get(RotationOutput.SWEEPER),
      adminSecret: outputs.get(RotationOutput.ADMIN_SECRET),
      poolSecret: outputs.get(RotationOutput.POOL_SECRET),
    },
    spend: {
      controller: outputs.get(SpendOutput.CONTROLLER),
      clientCaps: JSON.parse(outputs.get(SpendOutput.CLIENT_CAPS) ?? '{}'),
    },
  };
}

function planIdsFrom(json: string): PlanIdsByName {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new CommandFailure(`the output ${StackOutput.CLIENT_PLANS} is no JSON: deploy this version first`, { cause });
  }
}

async function outputsOf(client: CloudFormationClient, stackName: string): Promise<[string, string][]> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    return (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]);
  } catch (error) {
    if ((error as Error).name !== 'ValidationError') throw error;
    const region = await client.config.region();
    throw new CommandFailure(
      `there is no stack ${stackName} in this account in ${region}: deploy it first, or name another Region with --region`,
    );
  }
}
