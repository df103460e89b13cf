import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetEventSourceMappingCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ApiClient } from '../../local/api-client';
import type { UpstreamCallSeen } from '../../local/doubles/upstream-script';
import { accessTo } from '../../local/endpoint';
import { LocalFailure } from '../../local/failure';
import { UpstreamControl } from '../../local/upstream-control';
import { findWorkers } from './processor-workers';
import type { DrillOptions, Finding } from './promise';
import { QueueConsumers } from './rotation/queue-consumers';
import { RotatedDeployment, type RotationTimes, type UpstreamKey } from './rotation/rotated-deployment';
import { SteadyLoad } from './rotation/steady-load';

const ROTATIONS = { brief: 1, usual: 3 } as const;
const JOB_EVERY_MS = 300;
/** Long enough for calls to be under way whenever a key changes. */
const CALL_MS = 400;
const PARALLEL = 4;
/** The emulator knows the time of a change in whole seconds, rounded down. */
const CLOCK_SECONDS = 1;
const SWEEP_EVERY_MS = 2_000;
/** Calls by which several processes hold the first key, and the time that they take at most. */
const CALLS_BEFORE = 12;
const CALLED_WITHIN_MS = 30_000;
/** After its grace, a key is ended by the next sweep. */
const SWEPT_WITHIN_MS = 20_000;
/** By then each process has called with the key that took a revoked one's place. */
const AFTER_REVOCATION_MS = 6_000;

/**
 * P4 on real Lambdas, by the keys of a double that refuses the inactive ones. The emulator's own `RotateSecret` promotes
 * a copy of the old value and calls nobody, so the four steps are invoked as Secrets Manager does. It neither runs
 * schedules of rotation nor enforces policies: this drill says nothing of those.
 */
export async function rotationOnStack(options: DrillOptions): Promise<Finding> {
  const { deployment, endpoint } = options.addresses;
  const lambda = new LambdaClient({ ...accessTo(endpoint) });
  const UUID = deployment.consumerMappingId;
  const { FunctionArn: processor = '' } = await lambda.send(new GetEventSourceMappingCommand({ UUID }));
  const drill = new RotationDrill(options, processor);
  try {
    return await drill.run();
  } finally {
    await drill.end();
  }
}

/** A key that was replaced, and what became of it. */
interface Replaced {
  readonly before: UpstreamKey;
  readonly after: UpstreamKey;
  /** When the rotation began, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Milliseconds from the begin of the rotation to the end of the old key. */
  readonly endedAfterMs: number;
  /** Keys that worked, or did not, against what is promised: in the grace and after it. */
  readonly wrongKeys: number;
}

class RotationDrill {
  readonly #run = `p4-${randomBytes(3).toString('hex')}`;
  readonly #upstream: UpstreamControl;
  readonly #rotated: RotatedDeployment;
  readonly #load: SteadyLoad;
  readonly #consumers: QueueConsumers;
  readonly #startedAtMs = Date.now();

  constructor(
    readonly options: DrillOptions,
    readonly processor: string,
  ) {
    const { apiUrl, client, upstreamUrl, endpoint, deployment } = options.addresses;
    const access = accessTo(endpoint);
    this.#upstream = new UpstreamControl(upstreamUrl);
    this.#rotated = new RotatedDeployment(deployment, access);
    this.#load = new SteadyLoad(new ApiClient(apiUrl, client.key), this.#run, JOB_EVERY_MS);
    this.#consumers = new QueueConsumers({ access, queueUrl: deployment.queueUrl, processor, parallel: PARALLEL });
  }

  async run(): Promise<Finding> {
    const { tell, brief, signal } = this.options;
    await this.#upstream.treatOthers({ kind: 'reply', delayMs: CALL_MS });
    const times = await this.#rotated.times(this.processor);
    const { graceMs } = times;
    await this.#untilOnlyCurrentWorks(graceMs);
    await this.#untilInUse();
    const replaced: Replaced[] = [];
    const rotations = brief ? ROTATIONS.brief : ROTATIONS.usual;
    for (let count = 1; count <= rotations; count += 1) {
      const each = await this.#replace(graceMs);
      replaced.push(each);
      tell(`rotation ${count} of ${rotations}: the old key was ended ${Math.round(each.endedAfterMs / 1_000)} s after`);
    }
    const revoked = await this.#revoke();
    tell('revoked the current key without grace; waiting for every job');
    await this.#load.end();
    const failed = await this.#load.untilAllEnded(signal);
    return this.#judge({ times, replaced, revoked, failed });
  }

  /** Leaves the stack as it was found, but for the keys, however the drill went. */
  async end(): Promise<void> {
    await Promise.allSettled([this.#load.end(), this.#consumers.end()]);
    await this.#upstream.treatOthers({ kind: 'reply' });
  }

  /** Rotates, sweeps within the grace, and then until the old key has ended. */
  async #replace(graceMs: number): Promise<Replaced> {
    const { before, after, sinceMs } = await this.#rotate();
    await this.#rotated.sweep();
    const wrongInGrace = await this.#countWrong([before, after]);
    const isEnded = async () => before.apiKey === after.apiKey || !(await this.#upstream.accepts(before.apiKey));
    await this.#sweepUntil(isEnded, graceMs, 'the old key ends');
    const endedAfterMs = Date.now() - sinceMs;
    return { before, after, sinceMs, endedAfterMs, wrongKeys: wrongInGrace + (await this.#countWrong([after])) };
  }

  /** Replaces the current key and ends it at once, as where it has leaked. */
  async #revoke(): Promise<Replaced & { workers: number }> {
    const workers = await this.#countWorkers();
    const { before, after, sinceMs } = await this.#rotate();
    await this.#rotated.sweep({ revoke: true });
    const endedAfterMs = Date.now() - sinceMs;
    const wrongKeys = await this.#countWrong([after]);
    await sleep(AFTER_REVOCATION_MS, undefined, { signal: this.options.signal });
    return { before, after, sinceMs, endedAfterMs, wrongKeys, workers: Math.max(workers, await this.#countWorkers()) };
  }

  async #rotate() {
    const before = await this.#rotated.currentKey();
    const sinceMs = Date.now();
    await this.#rotated.rotate();
    return { before, after: await this.#rotated.currentKey(), sinceMs };
  }

  async #untilOnlyCurrentWorks(graceMs: number): Promise<void> {
    const isCalm = async () => (await this.#countWrong([await this.#rotated.currentKey()])) === 0;
    await this.#sweepUntil(isCalm, graceMs, 'only the current key works');
  }

  /** A key that nobody holds could be replaced without anybody noticing. */
  async #untilInUse(): Promise<void> {
    const deadline = performance.now() + CALLED_WITHIN_MS;
    while ((await this.#calls()).length < CALLS_BEFORE) {
      if (performance.now() > deadline) throw new LocalFailure(`P4: waited in vain for ${CALLS_BEFORE} calls`);
      await sleep(250, undefined, { signal: this.options.signal });
    }
  }

  /** The calls of this drill's jobs, in the upstream's log. */
  async #calls(): Promise<UpstreamCallSeen[]> {
    return (await this.#upstream.log()).calls.filter(({ marker }) => marker.startsWith(this.#run));
  }

  async #sweepUntil(isDone: () => Promise<boolean>, graceMs: number, what: string): Promise<void> {
    const deadline = performance.now() + graceMs + SWEPT_WITHIN_MS;
    while (!(await isDone())) {
      if (performance.now() > deadline) throw new LocalFailure(`P4: waited in vain until ${what}`);
      await sleep(SWEEP_EVERY_MS, undefined, { signal: this.options.signal });
      await this.#rotated.sweep();
    }
  }

  /** Keys of the pool that work and should not, or should and do not: asked of the upstream, one by one. */
  async #countWrong(expected: readonly UpstreamKey[]): Promise<number> {
    let wrong = 0;
    for (const { id, apiKey } of await this.#rotated.pool()) {
      if ((await this.#upstream.accepts(apiKey)) !== expected.some((key) => key.id === id)) wrong += 1;
    }
    return wrong;
  }

  async #countWorkers(): Promise<number> {
    const { emulatorPid } = this.options.addresses;
    return emulatorPid === undefined ? Number.NaN : (await findWorkers(emulatorPid, 'ProcessJob')).length;
  }

  async #judge({ times, replaced, revoked, failed }: Outcome): Promise<Finding> {
    const log = await this.#calls();
    const refused = log.filter(({ accepted }) => !accepted);
    const refusedByRevocation = refused.filter(({ atMs }) => atMs >= revoked.sinceMs);
    const callsByKey = countBy(log, ({ keyId }) => keyId ?? 'unknown');
    const measured = {
      rotations: replaced.length,
      jobs: this.#load.jobs,
      failed,
      ...Object.fromEntries(Object.entries(callsByKey).map(([key, count]) => [`callsWith ${key}`, count])),
      keysUnchanged: [...replaced, revoked].filter(({ before, after }) => before.apiKey === after.apiKey).length,
      servedByNewKeyLeast: Math.min(...[...replaced, revoked].map((each) => countServed(log, each))),
      wrongKeys: [...replaced, revoked].reduce((sum, { wrongKeys }) => sum + wrongKeys, 0),
      graceSeconds: times.graceMs / 1_000,
      inUseSeconds: (times.cacheMs + times.longestCallMs) / 1_000,
      endedAfterSecondsLeast: Math.min(...replaced.map(({ endedAfterMs }) => endedAfterMs)) / 1_000,
      callsWithRetiredKey: refused.length - refusedByRevocation.length,
      revokedAfterSeconds: revoked.endedAfterMs / 1_000,
      callsWithRevokedKey: refusedByRevocation.length,
      mostOfAConnection: Math.max(0, ...Object.values(countBy(refusedByRevocation, ({ connection }) => connection))),
      processes: revoked.workers,
      renewals: await this.#rotated.renewalsSince(this.processor, this.#startedAtMs),
    };
    return { measured, holds: holds(measured) };
  }
}

interface Outcome {
  readonly times: RotationTimes;
  readonly replaced: readonly Replaced[];
  readonly revoked: Replaced & { readonly workers: number };
  readonly failed: number;
}

/**
 * No refused call but by the revocation, and of these none twice by a process: a process makes one call at a time and
 * keeps its connection, so that neither a connection nor all processes together may have more of them.
 */
const holds = (measured: Readonly<Record<string, number>>): boolean => {
  const of = (name: string) => Number(measured[name]);
  const isNone = ['failed', 'keysUnchanged', 'wrongKeys', 'callsWithRetiredKey'].every((name) => of(name) === 0);
  const isRevocationQuiet =
    of('mostOfAConnection') <= 1 &&
    !(of('callsWithRevokedKey') > of('processes')) &&
    of('renewals') <= of('callsWithRevokedKey');
  return (
    isNone &&
    isRevocationQuiet &&
    of('jobs') > 0 &&
    of('servedByNewKeyLeast') > 0 &&
    of('graceSeconds') - CLOCK_SECONDS >= of('inUseSeconds') &&
    of('endedAfterSecondsLeast') >= of('graceSeconds') - CLOCK_SECONDS
  );
};

/** Calls that were served with a key from the rotation on that brought it. */
const countServed = (calls: readonly UpstreamCallSeen[], { after, sinceMs }: Replaced): number =>
  calls.filter(({ keyId, accepted, atMs }) => accepted && keyId === after.id && atMs >= sinceMs).length;

const countBy = (
  calls: readonly UpstreamCallSeen[],
  nameOf: (call: UpstreamCallSeen) => string | number,
): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const call of calls) counts[nameOf(call)] = (counts[nameOf(call)] ?? 0) + 1;
  return counts;
};
