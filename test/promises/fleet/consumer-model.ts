import type { Random } from '../../../lambda/runtime/clock/clock';
import type { QueuedMessage, QueueModel } from './queue-model';
import { between } from './seeded-random';
import type { VirtualTime } from './virtual-time';

/** One sandbox of the function: what it holds in memory outlives its invocations, and is its own. */
export interface Sandbox {
  /** Handles one message; `true` acknowledges it. */
  handle(message: QueuedMessage): Promise<boolean>;
}

/** What a mapping is set to. */
export interface Mapping {
  readonly enabled: boolean;
  readonly maxConcurrency: number;
}

export interface ConsumerModelOptions {
  readonly workers: number;
  readonly maxConcurrency: number;
  /** Milliseconds from one poll to the invocation. */
  readonly pollMs: readonly [least: number, most: number];
  /** Milliseconds until a change of the mapping takes effect: it answers at once and is `Enabling` or `Disabling`. */
  readonly applyMs: readonly [least: number, most: number];
}

/**
 * An event-source mapping of Lambda and its sandboxes, in virtual time: enabled or not, at most so many invocations
 * at once, any free sandbox for a message. What runs while it is disabled runs to its end.
 */
export class ConsumerModel {
  /** What the mapping was last set to; `#applied` lags behind it. */
  wanted: Mapping;
  running = 0;
  invocations = 0;
  /** Told when the number of running invocations has changed. */
  onChange: () => void = () => undefined;
  #applied: Mapping;
  readonly #free: Sandbox[];
  #polling = 0;

  constructor(
    readonly time: VirtualTime,
    readonly queue: QueueModel,
    makeSandbox: (index: number) => Sandbox,
    readonly options: ConsumerModelOptions,
    readonly random: Random,
  ) {
    this.wanted = { enabled: true, maxConcurrency: options.maxConcurrency };
    this.#applied = this.wanted;
    this.#free = Array.from({ length: options.workers }, (_, index) => makeSandbox(index));
    queue.onReady = () => this.poll();
  }

  /** Changes the mapping as `UpdateEventSourceMapping` does: said at once, in effect a little later. */
  update({ enabled, maxConcurrency }: Partial<Mapping>, onApplied: () => void): void {
    const [least, most] = this.options.applyMs;
    this.wanted = {
      enabled: enabled ?? this.wanted.enabled,
      maxConcurrency: maxConcurrency ?? this.wanted.maxConcurrency,
    };
    this.time.after(between(this.random, least, most), () => {
      this.#applied = this.wanted;
      onApplied();
      this.poll();
    });
  }

  /** Invokes a sandbox outside the mapping, as a synchronous invocation does. */
  async invoke(message: QueuedMessage): Promise<boolean> {
    const sandbox = this.#take();
    if (!sandbox) throw new Error('TooManyRequestsException');
    try {
      return await sandbox.handle(message);
    } finally {
      this.#free.push(sandbox);
      this.poll();
    }
  }

  /** Receives and invokes while the mapping may. */
  poll(): void {
    const [least, most] = this.options.pollMs;
    while (
      this.#applied.enabled &&
      this.running + this.#polling < Math.min(this.#applied.maxConcurrency, this.options.workers) &&
      this.#polling < this.queue.readyCount
    ) {
      this.#polling += 1;
      this.time.after(between(this.random, least, most), this.#polled);
    }
  }

  readonly #polled = (): void => {
    this.#polling -= 1;
    if (!this.#applied.enabled) return;
    const sandbox = this.queue.readyCount > 0 ? this.#take() : undefined;
    // The controller's own invocation may have the last sandbox for a moment.
    const message = sandbox && this.queue.receive();
    if (!sandbox || !message) return;
    this.running += 1;
    this.invocations += 1;
    this.onChange();
    const receipt = message.receipt;
    const settle = (isDone: boolean) => {
      if (isDone && message.receipt === receipt) this.queue.delete(message);
      // `ChangeMessageVisibility` has set the delay already, where the handler could.
      this.running -= 1;
      this.#free.push(sandbox);
      this.onChange();
      this.poll();
    };
    sandbox.handle(message).then(settle, () => {
      this.queue.leave(message);
      settle(false);
    });
  };

  /** Any free sandbox: which one serves is Lambda's to choose. */
  #take(): Sandbox | undefined {
    const at = Math.floor(this.random() * this.#free.length);
    const last = this.#free.pop();
    if (last === undefined || at >= this.#free.length) return last;
    const chosen = this.#free[at];
    this.#free[at] = last;
    return chosen;
  }
}
