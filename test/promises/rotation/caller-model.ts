import { callUpstream } from '../../../lambda/process-job/call-upstream';
import type { Invocation, ProcessDependencies } from '../../../lambda/process-job/dependencies';
import { InfrastructureError } from '../../../lambda/process-job/infrastructure-fault';
import { upstreamRetries } from '../../../lambda/process-job/retry-policies';
import { ServedModels } from '../../../lambda/process-job/served-models';
import { SlowFailures } from '../../../lambda/process-job/slow-failures';
import type { Random } from '../../../lambda/runtime/clock/clock';
import type { Job } from '../../../lambda/runtime/jobs/job';
import { parseSecret } from '../../../lambda/runtime/rotation/secret-value';
import { ApiKeyCredential } from '../../../lambda/runtime/secrets/api-key-credential';
import { SecretCache } from '../../../lambda/runtime/secrets/secret-cache';
import { UpstreamError } from '../../../lambda/upstream/errors';
import { SecretStage } from '../../../lib/contract/rotation';
import { between, exponential } from '../fleet/seeded-random';
import { UNCAPPED_SPENDING } from '../fleet/uncapped-spending';
import type { VirtualTime } from '../fleet/virtual-time';
import type { ProviderModel } from './provider-model';
import type { SecretModel } from './secret-model';

/** What every calling process shares. */
export interface CallerWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly secret: SecretModel;
  readonly provider: ProviderModel;
  /** Milliseconds that a process uses a key that it has read. */
  readonly cacheMs: number;
  /** Milliseconds beyond that for which it uses one while Secrets Manager is down. */
  readonly maxStaleMs: number;
  /** Milliseconds that a call takes at most. */
  readonly longestCallMs: number;
}

/** Milliseconds of each half of a read's way. */
const READ_MS = [2, 100] as const;
/** Mean time between two calls of a process: some are busy, some hardly ever call. */
const PAUSE_MS = [5_000, 3_600_000] as const;
/** Mean time that a process lives, and its most: AWS lets none live for a day. */
const LIFE_MS = 3 * 3_600_000;
const LONGEST_LIFE_MS = 4 * LIFE_MS;

const silent = () => undefined;
const LOG = { debug: silent, info: silent, warn: silent, error: silent };
const SUBMISSION = { model: 'model', max_tokens: 16, messages: [] };
const JOB = { jobId: 'job', fence: 1 } as Job;

/** A place in which one process of the service runs after the other, each with a cache of its own. */
export class CallerModel {
  jobs = 0;
  /** Jobs that the upstream did not serve. */
  failed = 0;
  /** Jobs for which a process had no key that it might use, as Secrets Manager was down; their messages come back. */
  held = 0;
  renewals = 0;
  processes = 0;

  constructor(
    readonly world: CallerWorld,
    readonly index: number,
  ) {}

  /** Runs until `isOver`. */
  async run(isOver: () => boolean): Promise<void> {
    const { time, random } = this.world;
    const [least, most] = PAUSE_MS;
    // As many busy ones as quiet ones, whatever the scale.
    const pauseMs = least * (most / least) ** random();
    while (!isOver()) {
      this.processes += 1;
      const dependencies = this.#startProcess();
      const endsAt = time.now() + Math.min(exponential(random, LIFE_MS), LONGEST_LIFE_MS);
      while (time.now() < endsAt && !isOver()) {
        await time.sleep(Math.min(exponential(random, pauseMs), endsAt - time.now()));
        await this.#handle(dependencies);
      }
    }
  }

  /** Names the process: no two of a run have the same. */
  get #process(): number {
    return this.index * 1_000 + this.processes;
  }

  async #handle(dependencies: ProcessDependencies): Promise<void> {
    const { time, longestCallMs } = this.world;
    this.jobs += 1;
    const invocation = { owner: 'worker', deadline: time.now() + longestCallMs, log: LOG } as unknown as Invocation;
    try {
      await callUpstream(SUBMISSION, JOB, dependencies, invocation);
    } catch (error) {
      if (error instanceof InfrastructureError) this.held += 1;
      else if (error instanceof UpstreamError) this.failed += 1;
      // Anything else is a fault of this model.
      else throw error;
    }
  }

  #startProcess(): ProcessDependencies {
    const { time, random, provider, cacheMs, maxStaleMs, longestCallMs } = this.world;
    const { now, sleep } = time;
    const cache = new SecretCache({
      load: () => this.#read(),
      ttlMs: cacheMs,
      maxStaleMs,
      now,
      random,
      onRenewal: () => {
        this.renewals += 1;
      },
    });
    const permit = { kind: 'normal', success: silent, failure: silent, abandon: silent } as const;
    const closed = { status: 'closed', epoch: 0, degraded: false } as const;
    const callMs = () => (random() < 0.2 ? longestCallMs : between(random, 1_000, longestCallMs));
    const used: Partial<ProcessDependencies> = {
      upstreamCredential: new ApiKeyCredential(cache),
      upstream: provider.upstreamFor(this.#process, callMs),
      breaker: { acquire: async () => permit, state: () => closed },
      store: { countUpstreamCall: async () => undefined } as unknown as ProcessDependencies['store'],
      spending: UNCAPPED_SPENDING,
      slowFailures: new SlowFailures(),
      servedModels: new ServedModels(),
      upstreamRetries: upstreamRetries('unlimited', { now, random, sleep }),
      count: silent,
      now,
      random,
    };
    return used as ProcessDependencies;
  }

  async #read(): Promise<string> {
    const { time, random, secret } = this.world;
    await time.sleep(between(random, ...READ_MS));
    const text = secret.read({ stage: SecretStage.CURRENT }) ?? '';
    await time.sleep(between(random, ...READ_MS));
    return parseSecret(text).apiKey;
  }
}
