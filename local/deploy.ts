import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import { stackNames } from '../lib/contract/outputs';
import { type CommandResult, runCommand } from './command';
import { accessTo, environmentFor, isAws, LOCAL_ACCOUNT, LOCAL_REGION } from './endpoint';
import { LocalFailure } from './failure';
import { CHECKOUT, type InstancePlaces } from './places';
import type { Progress } from './progress';

/** Name of the environment that local runs deploy. */
export const LOCAL_ENVIRONMENT = 'local';

const CDK = join(CHECKOUT, 'node_modules', 'aws-cdk', 'bin', 'cdk');
const BUNDLER = join(CHECKOUT, 'scripts', 'bundle-lambda.mjs');

export interface DeployOptions {
  readonly endpoint: string;
  /** Base URL of the upstream that the deployed service calls. */
  readonly upstreamUrl: string;
  /** Base URL of the Admin API from which the upstream's keys take turns. */
  readonly upstreamAdminUrl: string;
  /** AWS account, when the endpoint is AWS itself. @default that of the local environment */
  readonly account?: string;
  readonly places: InstancePlaces;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** What `synthesise` needs; an emulator need not be up for it. */
export type SynthesisOptions = Omit<DeployOptions, 'endpoint'> & { readonly region: string };

/** Bundles the handlers and synthesises the app into the instance's assembly folder. */
export async function synthesise(options: SynthesisOptions): Promise<void> {
  const { places, upstreamUrl, upstreamAdminUrl, progress } = options;
  mkdirSync(dirname(places.deployLog), { recursive: true });
  const env = environmentFor('http://127.0.0.1:9');
  succeed(await run([BUNDLER], options, env), 'the bundling of the handlers', places);
  const values = {
    env: LOCAL_ENVIRONMENT,
    upstreamUrl,
    upstreamAdminUrl,
    account: options.account ?? LOCAL_ACCOUNT,
    region: options.region,
  };
  const context = Object.entries(values).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const synth = await run([CDK, 'synth', '--quiet', '--output', places.assembly, ...context], options, env);
  succeed(synth, '`cdk synth`', places);
  progress.step('Bundled the handlers and synthesised the stacks');
}

/** Prepares an account of an emulator for `cdk deploy`. An AWS account is bootstrapped by its owner. */
export async function bootstrap(options: DeployOptions): Promise<void> {
  if (isAws(options.endpoint)) return;
  const target = `aws://${LOCAL_ACCOUNT}/${LOCAL_REGION}`;
  // Outside the checkout's root, so that the CLI does not synthesise the app for a list of environments.
  const result = await run([CDK, 'bootstrap', target], options, environmentFor(options.endpoint), options.places.work);
  succeed(result, '`cdk bootstrap`', options.places);
}

/**
 * Deploys the synthesised stacks with the real `cdk` CLI.
 * @throws LocalFailure naming the first resource that failed.
 */
export async function deploy(options: DeployOptions): Promise<void> {
  const { endpoint, places, progress } = options;
  const args = [
    CDK,
    'deploy',
    '--all',
    '--app',
    places.assembly,
    '--require-approval',
    'never',
    '--progress',
    'events',
  ];
  const announce = createStackAnnouncer(progress);
  const result = await run([...args, '--method=direct'], options, environmentFor(endpoint), CHECKOUT, announce);
  succeed(result, '`cdk deploy`', places);
}

/** Deletes the stacks of the local environment by name, the service before its data; absent ones are no error. */
export async function deleteStacks(endpoint: string, signal?: AbortSignal): Promise<void> {
  const client = new CloudFormationClient({ ...accessTo(endpoint) });
  const { data, service } = stackNames(LOCAL_ENVIRONMENT);
  for (const StackName of [service, data]) {
    const isThere = await client.send(new DescribeStacksCommand({ StackName })).then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    signal?.throwIfAborted();
    await client.send(new DeleteStackCommand({ StackName }));
    await waitUntilStackDeleteComplete({ client, maxWaitTime: 600, minDelay: 1, maxDelay: 5 }, { StackName });
  }
}

/** One line of `cdk deploy --progress events`: the stack and a counter come first. */
const EVENT = /^(\S+) \| +\d+/;

/** Announces each stack when its first event comes and when the CLI says that it is done. */
export function createStackAnnouncer(progress: Progress): (line: string) => void {
  const announced = new Set<string>();
  return (line) => {
    const started = EVENT.exec(line)?.[1];
    if (started && !announced.has(started)) {
      announced.add(started);
      progress.step(`Deploying ${started}`);
    }
    const finished = /✅ +(\S+)/.exec(line)?.[1];
    if (finished) progress.step(`Deployed ${finished}`);
  };
}

/** The line of the CLI's output that says best why a deploy failed. */
export function explainCdkFailure(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const candidates = [/CREATE_FAILED|UPDATE_FAILED/, /❌/, /^bulwark: /, /^\w*Error\b/, /failed/i];
  for (const candidate of candidates) {
    const line = lines.find((text) => candidate.test(text));
    if (line) return line.replace(/^❌ */, '').slice(0, 300);
  }
  return lines.findLast((line) => line !== '') ?? 'no output';
}

function run(
  args: readonly string[],
  { places, signal }: Pick<DeployOptions, 'places' | 'signal'>,
  env: NodeJS.ProcessEnv,
  cwd = CHECKOUT,
  onLine?: (line: string) => void,
): Promise<CommandResult> {
  mkdirSync(cwd, { recursive: true });
  // The CLI keeps caches in the home and the temporary folder; a real account's credentials are in the home as well.
  const own =
    isAws(env.AWS_ENDPOINT_URL ?? '') || !env.AWS_ENDPOINT_URL
      ? {}
      : { HOME: places.temporary, TMPDIR: places.temporary };
  const options = {
    cwd,
    env: { ...env, ...own },
    log: places.deployLog,
    ...(signal && { signal }),
    ...(onLine && { onLine }),
  };
  return runCommand(process.execPath, args, options);
}

function succeed({ code, output }: CommandResult, what: string, places: InstancePlaces): void {
  if (code === 0) return;
  const log = relative(CHECKOUT, places.deployLog);
  throw new LocalFailure(`local: ${what} failed: ${explainCdkFailure(output)}; its log is ${log}`);
}

/** Empties the log of an earlier run. */
export function startDeployLog(places: InstancePlaces): void {
  mkdirSync(dirname(places.deployLog), { recursive: true });
  writeFileSync(places.deployLog, '');
}
