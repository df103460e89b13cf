import { type ControlBatchDependencies, controlBatch } from '../../../lambda/control-breaker/control-batch';
import type { ControlDependencies } from '../../../lambda/control-breaker/dependencies';
import { MemoryBreakerStore } from '../../../lambda/runtime/breaker/memory-breaker-store';
import type { ConsumerState } from '../../../lambda/runtime/consumer-control/consumer';
import { ConsumerBusyError } from '../../../lambda/runtime/consumer-control/consumer';
import type { Received } from '../../../lambda/runtime/work-queue/work-queue';
import type { HoldRow } from '../../../lib/contract/consumer-hold';
import { type BreakerRow, UPSTREAM_BREAKER } from '../../../lib/contract/control';
import type { ControlMessage } from '../../../lib/contract/messages';
import { type Crash, ProcessDied } from './cloud';
import { streamRecord } from './events';

export const START = Date.parse('2026-11-22T12:00:00Z');

export interface Delayed {
  readonly message: ControlMessage;
  readonly at: number;
}

const silent = () => undefined;

/** The controller's world in memory: its queue, the consumer, the work queue; its process can die at any step. */
export class ControlWorld {
  nowMs = START;
  readonly store = new MemoryBreakerStore();
  consumer: ConsumerState = { isEnabled: true, concurrency: 10 };
  isConsumerBusy = false;
  /** What keeps the consumer paused on purpose. */
  held: HoldRow | undefined;
  maxConcurrency = 10;
  /** Messages on the control queue, and when each is received. */
  readonly control: Delayed[] = [];
  /** Messages of the control queue that were given back, and for how many seconds. */
  readonly returned: [string, number][] = [];
  /** Messages on the work queue. */
  readonly work: string[] = [];
  /** Messages of the work queue that were received and are not deleted. */
  readonly inFlight: string[] = [];
  /** What the processor does with one message; answers whether it is done with it. */
  processor: (messageId: string) => Promise<boolean> = async () => true;
  readonly processed: string[] = [];
  readonly steps: string[] = [];
  readonly metrics: Record<string, number> = {};
  #crash: Crash | undefined;
  #stepsLeft = Number.POSITIVE_INFINITY;
  #isDead = false;

  crash(crash: Crash): void {
    this.#crash = crash;
    this.#stepsLeft = crash.atStep;
  }

  revive(): boolean {
    const hadDied = this.#isDead;
    this.#isDead = false;
    this.#crash = undefined;
    return hadDied;
  }

  readonly perform = async <T>(name: string, work: () => Promise<T> | T): Promise<T> => {
    if (this.#isDead) throw new ProcessDied();
    this.steps.push(name);
    this.#stepsLeft -= 1;
    const dies = this.#crash !== undefined && this.#stepsLeft === 0;
    if (dies) this.#isDead = true;
    if (dies && this.#crash?.when === 'before') throw new ProcessDied();
    const result = await work();
    if (dies) throw new ProcessDied();
    return result;
  };

  get dependencies(): ControlBatchDependencies {
    return {
      store: { read: (name) => this.perform('read breaker', () => this.store.read(name)) },
      consumer: this.#consumer(),
      hold: { read: () => this.perform('read hold', () => this.held) },
      controlQueue: this.controlQueue,
      workQueue: {
        receiveOne: () => this.perform('receive', () => this.#receive()),
        delete: (receiptHandle) =>
          this.perform('delete', () => void this.inFlight.splice(this.inFlight.indexOf(receiptHandle), 1)),
      },
      processor: {
        process: ({ messageId }) =>
          this.perform('process', () => {
            this.processed.push(messageId);
            return this.processor(messageId);
          }),
      },
      count: (name, value = 1) => {
        this.metrics[name] = (this.metrics[name] ?? 0) + value;
      },
      log: { debug: silent, info: silent, warn: silent, error: silent },
      now: () => this.nowMs,
      maxConcurrency: this.maxConcurrency,
      stepSeconds: 4,
    };
  }

  readonly controlQueue = {
    send: (message: ControlMessage, delaySeconds: number) =>
      this.perform(
        'send',
        () => void this.control.push({ message, at: this.nowMs + Math.max(0, Math.ceil(delaySeconds)) * 1_000 }),
      ),
    returnAfter: async (receiptHandle: string, seconds: number) => void this.returned.push([receiptHandle, seconds]),
  };

  async row(): Promise<BreakerRow> {
    const row = await this.store.read(UPSTREAM_BREAKER);
    if (!row) throw new Error('there is no row');
    return row;
  }

  /** Opens the breaker for `seconds`. */
  async open(seconds = 30): Promise<void> {
    const expectedEpoch = (await this.store.read(UPSTREAM_BREAKER))?.epoch ?? 0;
    const openUntil = this.nowMs + seconds * 1_000;
    await this.store.trip(UPSTREAM_BREAKER, { expectedEpoch, nowMs: this.nowMs, openUntil, reason: 'failure-rate' });
  }

  /** A processor that makes a probe of each message, which ends so. */
  probeWith(...ends: ('succeeded' | 'failed' | 'released')[]): void {
    this.processor = async (messageId) => {
      const { epoch } = await this.row();
      const probe = { owner: messageId, epoch, nowMs: this.nowMs, leaseMs: 60_000, maxSkewMs: 0 };
      const { done, row } = await this.store.takeProbe(UPSTREAM_BREAKER, probe);
      if (!done || !row) return true;
      const kind = ends.shift() ?? 'succeeded';
      const result =
        kind === 'succeeded'
          ? { kind, successesToClose: 2 }
          : kind === 'failed'
            ? { kind, openUntil: this.nowMs + 30_000, reason: 'probe-failed' }
            : { kind, nextProbeAt: this.nowMs + 30_000 };
      await this.store.recordProbe(UPSTREAM_BREAKER, { owner: messageId, epoch: row.epoch, nowMs: this.nowMs, result });
      return true;
    };
  }

  /** Hands a row of the control table's stream to the controller: the present one, unless given. */
  async follow(row?: BreakerRow) {
    const image = row ?? (await this.row());
    return controlBatch([streamRecord({ ...image }, '7', 'MODIFY')], this.dependencies);
  }

  /** Hands a message to the controller. */
  receive(message: unknown) {
    const body = typeof message === 'string' ? message : JSON.stringify(message);
    return controlBatch(
      [{ messageId: 'control-1', receiptHandle: 'receipt-control-1', body } as never],
      this.dependencies,
    );
  }

  /** Hands over every message of the control queue, each at its time, until `until`; one that fails comes again. */
  async run(until: number): Promise<void> {
    for (;;) {
      this.control.sort((a, b) => a.at - b.at);
      const next = this.control[0];
      if (!next || next.at > until) return;
      this.control.shift();
      this.nowMs = Math.max(this.nowMs, next.at);
      const seen = JSON.stringify(await this.store.read(UPSTREAM_BREAKER));
      const { batchItemFailures } = await this.receive(next.message);
      this.revive();
      if (batchItemFailures.length > 0) this.control.push({ ...next, at: this.nowMs + 1_000 });
      const now = await this.store.read(UPSTREAM_BREAKER);
      // The stream tells of every change of the row.
      if (now && JSON.stringify(now) !== seen) await this.follow(now);
    }
  }

  #consumer(): ControlDependencies['consumer'] {
    const change = (to: Partial<ConsumerState>) => {
      if (this.isConsumerBusy) throw new ConsumerBusyError(new Error('in use'));
      this.consumer = { ...this.consumer, ...to };
    };
    return {
      read: () => this.perform('read consumer', () => this.consumer),
      pause: () => this.perform('pause', () => change({ isEnabled: false })),
      resume: (concurrency) => this.perform('resume', () => change({ isEnabled: true, concurrency })),
    };
  }

  #receive(): Received | undefined {
    const messageId = this.work.shift();
    if (messageId === undefined) return undefined;
    this.inFlight.push(messageId);
    return { messageId, receiptHandle: messageId, body: '{}', attributes: {}, messageAttributes: {} };
  }
}
