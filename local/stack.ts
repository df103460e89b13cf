import { mkdirSync, rmSync } from 'node:fs';
import { type CreatedClient, createClient } from '../cli/clients/create-client';
import { type Deployment, findDeployment } from '../cli/deployment';
import { stackNames } from '../lib/contract/outputs';
import { type LocalCredentials, makeCredentials, seedCredentials } from './credentials';
import {
  bootstrap,
  type DeployOptions,
  deleteStacks,
  deploy,
  LOCAL_ENVIRONMENT,
  startDeployLog,
  synthesise,
} from './deploy';
import { startAnthropicAdminDouble } from './doubles/anthropic-admin';
import { startPagerDutyDouble } from './doubles/pager-duty';
import { startSlackDouble } from './doubles/slack';
import { startUpstreamDouble } from './doubles/upstream';
import { installEmulator } from './emulator/install';
import { choosePort } from './emulator/port';
import { startEmulator } from './emulator/process';
import { fillGaps, type GapReport } from './emulator-gaps/all-gaps';
import { standIn } from './emulator-gaps/stand-ins';
import { accessTo, apiUrlAt, isAws, regionOf } from './endpoint';
import { takeInstanceLock } from './instance-lock';
import { causeOf } from './interruption';
import { openLedger } from './open-ledger';
import { type InstancePlaces, placesOf } from './places';
import type { Progress } from './progress';

/** Addresses and names of a local stack: everything that a test or a person needs to use it. */
export interface StackAddresses {
  readonly endpoint: string;
  readonly apiUrl: string;
  readonly upstreamUrl: string;
  /** Double of the upstream's Admin API, which knows the same keys. */
  readonly adminUrl: string;
  readonly slackUrl: string;
  readonly pagerDutyUrl: string;
  /** Process of the emulator, when it was started here. */
  readonly emulatorPid?: number;
  readonly deployment: Deployment;
  /** A client that may use the API. */
  readonly client: CreatedClient;
}

/** A local stack that is up. */
export interface LocalStack {
  readonly addresses: StackAddresses;
  readonly gaps: readonly GapReport[];
  /** Ends everything that was started; to end it twice changes nothing. */
  stop(): Promise<void>;
}

export interface LocalStackOptions {
  /** Name of the instance: instances of different names run beside each other. */
  readonly instance: string;
  readonly progress: Progress;
  /** Ends the start, and is what everything that waits for the stack must watch. */
  readonly interruption: AbortController;
  readonly port?: number;
  readonly endpoint?: string;
  readonly upstream?: string;
  readonly upstreamPort?: number;
  readonly account?: string;
  readonly keep?: boolean;
}

/**
 * Brings the whole service up on this machine: doubles, emulator, deploy, gaps, credential, one client.
 * When any of it fails, or is interrupted, what was started is ended first.
 * @throws LocalFailure in one line, and the reason of the interruption.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const cleanups: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (let cleanup = cleanups.pop(); cleanup; cleanup = cleanups.pop()) await cleanup();
  };
  try {
    const { addresses, gaps } = await bringUp(options, (cleanup) => cleanups.push(cleanup));
    return { addresses, gaps, stop };
  } catch (error) {
    const cause = await causeOf(error, options.interruption.signal);
    // Ends what still runs beside the step that failed.
    options.interruption.abort(cause);
    await stop();
    throw cause;
  }
}

type AddCleanup = (cleanup: () => Promise<void> | void) => void;

async function bringUp(options: LocalStackOptions, atEnd: AddCleanup) {
  const { progress, interruption, account } = options;
  const { signal } = interruption;
  const places = placesOf(options.instance);
  const doubles = await startDoubles(options, atEnd);
  atEnd(await takeInstanceLock(places.lock, { pid: process.pid, heartbeat: `${doubles.upstream.url}/_double/calls` }));
  prepareFolder(places, options.keep ?? false, atEnd);
  const upstreamUrl = options.upstream ?? doubles.upstream.url;
  const region = regionOf(options.endpoint ?? 'http://127.0.0.1');
  const upstreamAdminUrl = doubles.admin.url;
  const deployOptions = { upstreamUrl, upstreamAdminUrl, places, progress, signal, ...(account && { account }) };
  // Beside the start of the emulator, which needs nothing of it.
  const building = synthesise({ ...deployOptions, region });
  const built = building.catch((error: unknown) => interruption.abort(error));
  atEnd(() => built);
  const emulator = options.endpoint ? undefined : await startOwnEmulator(options, places, atEnd);
  const endpoint = options.endpoint ?? emulator?.url ?? '';
  await deployStacks({ ...deployOptions, endpoint }, building, options, atEnd);
  const gaps = isAws(endpoint) ? [] : await fillAndTell(endpoint, places, progress);
  const { deployment, client } = await seed(endpoint, doubles.credentials);
  progress.step(`Made client ${client.clientId}`);
  signal.throwIfAborted();
  const addresses: StackAddresses = {
    endpoint,
    apiUrl: apiUrlAt(endpoint, deployment),
    upstreamUrl: doubles.upstream.url,
    adminUrl: doubles.admin.url,
    slackUrl: doubles.slack.url,
    pagerDutyUrl: doubles.pagerDuty.url,
    ...(emulator && { emulatorPid: emulator.pid }),
    deployment,
    client,
  };
  return { addresses, gaps };
}

/** Deploys afresh; stacks on an endpoint that was given are deleted before, and at the end unless they are to be kept. */
async function deployStacks(
  deployOptions: DeployOptions,
  building: Promise<void>,
  { endpoint, keep }: LocalStackOptions,
  atEnd: AddCleanup,
): Promise<void> {
  if (endpoint) await deleteStacks(endpoint, deployOptions.signal);
  await bootstrap(deployOptions);
  await building;
  if (!isAws(deployOptions.endpoint)) standIn(deployOptions.places.assembly);
  if (endpoint && !keep) atEnd(() => deleteStacks(endpoint));
  await deploy(deployOptions);
}

async function fillAndTell(endpoint: string, places: InstancePlaces, progress: Progress): Promise<GapReport[]> {
  const { data, service } = stackNames(LOCAL_ENVIRONMENT);
  const gaps = await fillGaps([data, service], places.assembly, accessTo(endpoint));
  const filled = gaps.filter((gap) => gap.filled > 0).map((gap) => gap.name);
  if (filled.length > 0) progress.step(`Filled what the emulator lacks: ${filled.join(', ')}`);
  return gaps;
}

/** Gives the service the keys of the doubles and its caps, and makes the first client. */
async function seed(endpoint: string, credentials: LocalCredentials) {
  const access = accessTo(endpoint);
  const deployment = await findDeployment(LOCAL_ENVIRONMENT, access);
  await Promise.all([seedCredentials(deployment, credentials, access), openLedger(deployment, access)]);
  return { deployment, client: await createClient(deployment, access, { name: 'local demo' }) };
}

async function startDoubles(options: LocalStackOptions, atEnd: AddCleanup) {
  const credentials = makeCredentials();
  const { adminKey, keys, pool } = credentials;
  const port = await choosePort('--upstream-port', options.upstreamPort);
  const upstream = await startUpstreamDouble({ apiKey: pool[0]?.apiKey ?? '', keys, port });
  atEnd(() => upstream.stop());
  const admin = await startAnthropicAdminDouble({ adminKey, keys });
  atEnd(() => admin.stop());
  const slack = await startSlackDouble();
  atEnd(() => slack.stop());
  const pagerDuty = await startPagerDutyDouble();
  atEnd(() => pagerDuty.stop());
  return { credentials, upstream, admin, slack, pagerDuty };
}

function prepareFolder(places: InstancePlaces, keep: boolean, atEnd: AddCleanup): void {
  rmSync(places.work, { recursive: true, force: true });
  mkdirSync(places.temporary, { recursive: true });
  startDeployLog(places);
  if (!keep) atEnd(() => rmSync(places.work, { recursive: true, force: true }));
}

async function startOwnEmulator(options: LocalStackOptions, places: InstancePlaces, atEnd: AddCleanup) {
  const { progress, interruption, port } = options;
  const { signal } = interruption;
  const installed = await installEmulator({ progress, signal });
  const emulator = await startEmulator({ installed, places, signal, ...(port !== undefined && { port }) });
  atEnd(() => emulator.stop());
  void emulator.died.then((failure) => interruption.abort(failure));
  progress.step(`Started the emulator on ${emulator.url} (process ${emulator.pid})`);
  return emulator;
}
