import type { IBreakerStore, StoreAnswer } from '../../../lambda/runtime/breaker/breaker-store';
import type { Random } from '../../../lambda/runtime/clock/clock';
import type { BreakerRow } from '../../../lib/contract/control';
import { between } from './seeded-random';
import type { VirtualTime } from './virtual-time';

export interface StoreModelOptions {
  /** Milliseconds of each half of a round trip. */
  readonly latencyMs: readonly [least: number, most: number];
  /** Share of the calls that fail after the SDK's own attempts: half of them before their effect, half after it, with the answer lost. */
  readonly errorRate: number;
}

/** A change of the shared row. */
export interface RowChange {
  readonly atMs: number;
  readonly row: BreakerRow;
}

/** The breaker's store as the network makes it: late, now and then failing, sometimes after it has done its work. */
export class BreakerStoreModel implements IBreakerStore {
  readonly changes: RowChange[] = [];
  reads = 0;
  writes = 0;
  /** Told of every change, as the table's stream tells its reader. */
  onChange: (row: BreakerRow) => void = () => undefined;

  constructor(
    readonly inner: IBreakerStore,
    readonly time: VirtualTime,
    readonly random: Random,
    readonly options: StoreModelOptions,
  ) {}

  read(name: string): Promise<BreakerRow | undefined> {
    this.reads += 1;
    return this.#travel(() => this.inner.read(name));
  }

  trip: IBreakerStore['trip'] = (name, command) => this.#write(() => this.inner.trip(name, command));

  takeProbe: IBreakerStore['takeProbe'] = (name, command) => this.#write(() => this.inner.takeProbe(name, command));

  recordProbe: IBreakerStore['recordProbe'] = (name, command) =>
    this.#write(() => this.inner.recordProbe(name, command));

  force: IBreakerStore['force'] = (name, command) => this.#write(() => this.inner.force(name, command));

  #write(command: () => Promise<StoreAnswer>): Promise<StoreAnswer> {
    this.writes += 1;
    return this.#travel(async () => {
      const answer = await command();
      if (answer.done && answer.row) {
        this.changes.push({ atMs: this.time.elapsedMs, row: answer.row });
        this.onChange(answer.row);
      }
      return answer;
    });
  }

  async #travel<T>(work: () => Promise<T>): Promise<T> {
    const { latencyMs, errorRate } = this.options;
    const failsAt = this.random() < errorRate ? (this.random() < 0.5 ? 'before' : 'after') : 'never';
    await this.time.sleep(between(this.random, ...latencyMs));
    if (failsAt === 'before') throw new Error('The store cannot be reached.');
    const answer = await work();
    await this.time.sleep(between(this.random, ...latencyMs));
    if (failsAt === 'after') throw new Error('The answer of the store was lost.');
    return answer;
  }
}
