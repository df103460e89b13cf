import { againSeconds } from '../../../lambda/control-breaker/control-batch';
import { onBreakerChange, onControlMessage } from '../../../lambda/control-breaker/control-breaker';
import type { ControlDependencies } from '../../../lambda/control-breaker/dependencies';
import { ConsumerBusyError } from '../../../lambda/runtime/consumer-control/consumer';
import type { Received } from '../../../lambda/runtime/work-queue/work-queue';
import { reminderFor } from '../../../lambda/sweep-leases/heal-control';
import { type BreakerRow, UPSTREAM_BREAKER } from '../../../lib/contract/control';
import type { ControlMessage } from '../../../lib/contract/messages';
import type { ConsumerModel } from './consumer-model';
import type { QueuedMessage } from './queue-model';
import { between } from './seeded-random';
import type { World } from './world';

const SECOND = 1_000;
/** Milliseconds until a stream's record, or a message of the control queue, reaches its function. */
const STREAM_MS = [200, 1_000] as const;
const MESSAGE_MS = [20, 500] as const;
/** After which a stream's record of a failed step comes again. */
const RECORD_AGAIN_MS = 5 * SECOND;
/** As the sweeper runs. */
const SWEEP_MS = 60 * SECOND;
/** Share of the calls of the controller's own AWS APIs that fail. */
const ERROR_RATE = 0.01;

/** A third of the service's default, as a fleet of a thousand takes nine steps. */
export const STEP_SECONDS = 10;

const silent = () => undefined;

/** The breaker's controller and the sweeper that reminds it, by their own code, over the model's mapping and queues. */
export class ControlModel {
  readonly #dependencies: ControlDependencies;
  readonly #received = new Map<string, QueuedMessage>();
  #isChanging = false;
  pauses = 0;

  constructor(
    readonly world: World,
    readonly consumer: ConsumerModel,
    store: ControlDependencies['store'],
    toReceived: (message: QueuedMessage) => Received,
    count: ControlDependencies['count'],
  ) {
    const { time, queue } = world;
    this.#dependencies = {
      store,
      consumer: {
        read: () =>
          this.#call(() => ({ isEnabled: consumer.wanted.enabled, concurrency: consumer.wanted.maxConcurrency })),
        pause: () => this.#update({ enabled: false }),
        resume: (maxConcurrency) => this.#update({ enabled: true, maxConcurrency }),
      },
      hold: { read: () => this.#call(() => undefined) },
      controlQueue: { send: (message, seconds) => this.#call(() => this.#send(message, seconds)) },
      workQueue: {
        receiveOne: () =>
          this.#call(() => {
            const message = queue.receive();
            if (!message) return undefined;
            const received = toReceived(message);
            this.#received.set(received.receiptHandle, message);
            return received;
          }),
        delete: async (handle) => {
          const message = this.#received.get(handle);
          if (message) queue.delete(message);
          this.#received.delete(handle);
        },
      },
      processor: { process: (received) => this.#process(received) },
      count,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      now: time.now,
      maxConcurrency: consumer.options.maxConcurrency,
      stepSeconds: STEP_SECONDS,
    };
  }

  /** Sends what the controller has lost, every minute. */
  readonly sweep = (): void => {
    this.world.time.after(SWEEP_MS, this.sweep);
    void this.#remind().catch(silent);
  };

  async #remind(): Promise<void> {
    const { store, consumer, controlQueue, now, maxConcurrency, stepSeconds } = this.#dependencies;
    const breaker = UPSTREAM_BREAKER;
    const [row, state] = [await store.read(breaker), await consumer.read()];
    const facts = { breaker, row, consumer: state, nowMs: now(), maxConcurrency, stepSeconds };
    const reminder = reminderFor(facts);
    if (reminder) await controlQueue.send(reminder, 0);
  }

  /** Takes a record of the control table's stream. */
  follow(row: BreakerRow, breaker: string): void {
    const step = () =>
      void onBreakerChange(row, breaker, this.#dependencies).catch(() => time.after(RECORD_AGAIN_MS, step));
    const { time, random } = this.world;
    time.after(between(random, ...STREAM_MS), step);
  }

  #send(message: ControlMessage, seconds: number): void {
    const { time, random } = this.world;
    let receives = 0;
    const step = () => {
      receives += 1;
      const again = () => time.after(againSeconds(receives) * SECOND + between(random, ...MESSAGE_MS), step);
      void onControlMessage(message, this.#dependencies).catch(again);
    };
    // SQS takes whole seconds.
    time.after(Math.ceil(Math.min(Math.max(seconds, 0), 900)) * SECOND + between(random, ...MESSAGE_MS), step);
  }

  async #process(received: Received): Promise<boolean> {
    const message = this.#received.get(received.receiptHandle);
    if (!message) return false;
    try {
      return await this.consumer.invoke(message);
    } catch (error) {
      this.world.queue.leave(message);
      throw error;
    }
  }

  async #update(change: { readonly enabled: boolean; readonly maxConcurrency?: number }): Promise<void> {
    await this.#call(() => {
      if (this.#isChanging) throw new ConsumerBusyError(undefined);
      this.#isChanging = true;
      this.pauses += change.enabled ? 0 : 1;
      this.consumer.update(change, () => {
        this.#isChanging = false;
      });
    });
  }

  async #call<T>(work: () => T): Promise<T> {
    const { time, random } = this.world;
    await time.sleep(between(random, 5, 50));
    if (random() < ERROR_RATE) throw new Error('The service cannot be reached.');
    return work();
  }
}
