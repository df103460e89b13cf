import type {
  ForceCommand,
  IBreakerStore,
  RecordProbeCommand,
  StoreAnswer,
  TakeProbeCommand,
  TripCommand,
} from './breaker-store';
import { BreakerContentionError } from './errors';
import { force, type MaybeRow, recordProbe, takeProbe, trip } from './transitions';

/** Writers that may come first before a command is given up. */
const MAX_SWAPS = 8;

/** Carries out the commands by the pure rules, given a consistent read and a compare-and-set of one row. */
export abstract class CompareAndSetBreakerStore implements IBreakerStore {
  abstract read(name: string): Promise<MaybeRow>;

  /** Writes `next` if the row still is as `seen`; answers whether it did. */
  protected abstract swap(name: string, seen: MaybeRow, next: NonNullable<MaybeRow>): Promise<boolean>;

  async trip(name: string, command: TripCommand): Promise<StoreAnswer> {
    return this.#carryOut(name, (row) => trip(row, name, command));
  }

  async takeProbe(name: string, command: TakeProbeCommand): Promise<StoreAnswer> {
    return this.#carryOut(name, (row) => takeProbe(row, name, command));
  }

  async recordProbe(name: string, command: RecordProbeCommand): Promise<StoreAnswer> {
    return this.#carryOut(name, (row) => recordProbe(row, name, command));
  }

  async force(name: string, command: ForceCommand): Promise<StoreAnswer> {
    return this.#carryOut(name, (row) => force(row, name, command));
  }

  async #carryOut(name: string, rule: (row: MaybeRow) => MaybeRow): Promise<StoreAnswer> {
    for (let swaps = 0; swaps < MAX_SWAPS; swaps += 1) {
      const seen = await this.read(name);
      const next = rule(seen);
      if (!next) return { done: false, row: seen };
      if (next === seen || (await this.swap(name, seen, next))) return { done: true, row: next };
    }
    throw new BreakerContentionError(name);
  }
}
