import type { Random } from '../../../lambda/runtime/clock/clock';
import { between } from './seeded-random';
import type { VirtualTime } from './virtual-time';

export interface NetworkOptions {
  /** Milliseconds of each half of a round trip. */
  readonly latencyMs: readonly [least: number, most: number];
  /** Share of the calls that fail after the SDK's own attempts: half of them before their effect, half after it, with the answer lost. */
  readonly errorRate: number;
}

/** The way to a store: late, now and then failing, sometimes after the store has done its work. */
export class NetworkModel {
  constructor(
    readonly time: VirtualTime,
    readonly random: Random,
    readonly options: NetworkOptions,
  ) {}

  async travel<T>(work: () => Promise<T>): Promise<T> {
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
