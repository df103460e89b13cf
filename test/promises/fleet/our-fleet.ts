import type { ProcessDependencies } from '../../../lambda/process-job/dependencies';
import { processBatch } from '../../../lambda/process-job/process-batch';
import { settleRetries, upstreamRetries } from '../../../lambda/process-job/retry-policies';
import { ServedModels } from '../../../lambda/process-job/served-models';
import { SlowFailures } from '../../../lambda/process-job/slow-failures';
import { BREAKER_DEFAULTS } from '../../../lambda/runtime/breaker/breaker-options';
import { CircuitBreaker } from '../../../lambda/runtime/breaker/circuit-breaker';
import { MemoryBreakerStore } from '../../../lambda/runtime/breaker/memory-breaker-store';
import { RetryBudget } from '../../../lambda/runtime/retry/retry-budget';
import { MemoryServedStore } from '../../../lambda/runtime/served/memory-served-store';
import type { IServedStore } from '../../../lambda/runtime/served/served-store';
import { Witness } from '../../../lambda/runtime/served/witness';
import type { Outgoing } from '../../../lambda/runtime/work-queue/work-queue';
import { BreakerStatus, UPSTREAM_BREAKER } from '../../../lib/contract/control';
import { FIRST_QUEUED_AT, LIVING_OWNER } from '../../../lib/contract/messages';
import { BreakerStoreModel, type RowChange } from './breaker-store-model';
import type { ConsumerModel, Sandbox } from './consumer-model';
import { ControlModel } from './control-model';
import { dataKeysOf, JobStoreModel } from './job-store-model';
import { NetworkModel } from './network-model';
import type { QueuedMessage } from './queue-model';
import { recordOf } from './sqs-record';
import { UNCAPPED_SPENDING } from './uncapped-spending';
import type { Fleet, FleetJob, MakeFleet, OpenWindow, World } from './world';

const TIMEOUT_MS = 60_000;
/** As the service stack has them, for the timeout of its processor. */
const BUDGET_MS = TIMEOUT_MS - 5_000;
const LEASE_MS = TIMEOUT_MS + 5_000;
const PATIENCE_MS = 24 * 3_600_000;
const TABLE_LATENCY_MS = 5;
const KEY = { kind: 'api-key', value: 'key' } as const;

const silent = () => undefined;
const LOG = { debug: silent, info: silent, warn: silent, error: silent };

/** The fleet of this package: the processor's own code in each sandbox, over one shared breaker. */
class OurFleet implements Fleet {
  readonly jobs: JobStoreModel;
  readonly store: BreakerStoreModel;
  readonly metrics: Record<string, number> = {};
  readonly #served: IServedStore;
  readonly #inFlight = new Map<string, QueuedMessage>();

  constructor(readonly world: World) {
    const { time, random } = world;
    this.jobs = new JobStoreModel(time, TABLE_LATENCY_MS);
    const network = new NetworkModel(time, random, { latencyMs: [2, 15], errorRate: 0.002 });
    this.store = new BreakerStoreModel(new MemoryBreakerStore(), network);
    const served = new MemoryServedStore();
    this.#served = {
      read: (upstream) => network.travel(() => served.read(upstream)),
      advance: (upstream, servedAt) => network.travel(() => served.advance(upstream, servedAt)),
    };
  }

  hasEnded(id: string): boolean {
    return this.jobs.hasEnded(id);
  }

  accept(job: FleetJob): void {
    this.jobs.add(job);
    this.world.queue.send(JSON.stringify({ jobId: job.id, correlationId: job.id }));
  }

  makeSandbox(index: number): Sandbox {
    const dependencies = this.#dependencies();
    return { handle: (message) => this.#handle(message, dependencies, `worker-${index}`) };
  }

  start(consumer: ConsumerModel): void {
    const count: ProcessDependencies['count'] = (name, value = 1) => this.#count(name, value);
    const control = new ControlModel(this.world, consumer, this.store, recordOf, count);
    this.store.onChange = (row) => control.follow(row, UPSTREAM_BREAKER);
    control.sweep();
  }

  openWindows(): OpenWindow[] {
    return windowsOf(this.store.changes, this.world.time.now() - this.world.time.elapsedMs);
  }

  figures(): Record<string, number> {
    const { JobsRequeued = 0, UpstreamCalls = 0 } = this.metrics;
    return {
      requeued: JobsRequeued,
      upstreamCalls: UpstreamCalls,
      recordedTwice: this.jobs.recordedTwice,
      failed: this.jobs.failed,
      storeReads: this.store.reads,
      storeWrites: this.store.writes,
    };
  }

  async #handle(message: QueuedMessage, dependencies: ProcessDependencies, requestId: string): Promise<boolean> {
    const record = recordOf(message);
    this.#inFlight.set(record.receiptHandle, message);
    try {
      const { batchItemFailures } = await processBatch([record], dependencies, {
        requestId,
        deadline: this.world.time.now() + BUDGET_MS,
        logOf: () => LOG,
      });
      return batchItemFailures.length === 0;
    } finally {
      this.#inFlight.delete(record.receiptHandle);
    }
  }

  #dependencies(): ProcessDependencies {
    const { time, random, upstream, queue, isAwsDown } = this.world;
    const { now, sleep } = time;
    const breaker = new CircuitBreaker({ store: this.store }, { now, random, sleep });
    // A sandbox handles one message at a time, so that a permit is followed by its own call.
    let isBlind = false;
    return {
      store: this.jobs,
      dataKeys: dataKeysOf(isAwsDown),
      queue: {
        send: async (messages) => {
          for (const outgoing of messages) this.#send(outgoing);
          return [];
        },
        returnAfter: async (handle, seconds) => {
          const message = this.#inFlight.get(handle);
          if (message) queue.returnAfter(message, message.receipt, seconds * 1_000);
        },
      },
      deadLetterQueue: {
        send: async (messages) => {
          for (const { message } of messages) queue.bury(JSON.stringify(message));
          return [];
        },
      },
      patienceMs: PATIENCE_MS,
      openForMs: BREAKER_DEFAULTS.openForMs,
      slowFailures: new SlowFailures(),
      servedModels: new ServedModels(),
      witness: new Witness({ upstream: UPSTREAM_BREAKER, store: this.#served, now }),
      breaker: {
        acquire: async (owner) => {
          const permit = await breaker.acquire(owner);
          isBlind = breaker.state().degraded;
          return permit;
        },
        state: () => breaker.state(),
      },
      breakerStore: this.store,
      upstream: { complete: (submission, { timeoutMs }) => upstream.complete(submission, { timeoutMs, isBlind }) },
      spending: UNCAPPED_SPENDING,
      upstreamCredential: { get: async () => KEY, renew: async () => KEY },
      count: (name, value = 1) => this.#count(name, value),
      now,
      random,
      upstreamRetries: upstreamRetries(new RetryBudget(), { now, random, sleep }),
      settleRetries: settleRetries({ now, random, sleep }),
      leaseMs: LEASE_MS,
      maxReceiveCount: queue.options.maxReceiveCount,
    };
  }

  #count(name: string, value: number): void {
    this.metrics[name] = (this.metrics[name] ?? 0) + value;
  }

  #send({ message, delaySeconds = 0, firstQueuedAt, livingOwner }: Outgoing): void {
    const attributes: Record<string, string> = {
      ...(firstQueuedAt !== undefined && { [FIRST_QUEUED_AT]: String(firstQueuedAt) }),
      ...(livingOwner !== undefined && { [LIVING_OWNER]: livingOwner }),
    };
    this.world.queue.send(JSON.stringify(message), { delaySeconds, attributes });
  }
}

export const ourFleet: MakeFleet = (world) => new OurFleet(world);

/** The stretches in which the shared row was not closed, one for each opening. */
const windowsOf = (changes: readonly RowChange[], sinceMs: number): OpenWindow[] => {
  const windows: OpenWindow[] = [];
  let opening: RowChange | undefined;
  const end = (toMs: number) => {
    if (opening) windows.push({ fromMs: opening.atMs, toMs, probeFromMs: (opening.row.openUntil ?? 0) - sinceMs });
  };
  for (const change of changes) {
    if (change.row.status === BreakerStatus.HALF_OPEN) continue;
    end(change.atMs);
    opening = change.row.status === BreakerStatus.OPEN ? change : undefined;
  }
  end(Number.POSITIVE_INFINITY);
  return windows;
};
