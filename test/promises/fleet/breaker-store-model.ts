import type { IBreakerStore, StoreAnswer } from '../../../lambda/runtime/breaker/breaker-store';
import type { BreakerRow } from '../../../lib/contract/control';
import type { NetworkModel } from './network-model';

/** A change of the shared row. */
export interface RowChange {
  readonly atMs: number;
  readonly row: BreakerRow;
}

/** The breaker's store as the network makes it, and all that was changed in it. */
export class BreakerStoreModel implements IBreakerStore {
  readonly changes: RowChange[] = [];
  reads = 0;
  writes = 0;
  /** Told of every change, as the table's stream tells its reader. */
  onChange: (row: BreakerRow) => void = () => undefined;

  constructor(
    readonly inner: IBreakerStore,
    readonly network: NetworkModel,
  ) {}

  read(name: string): Promise<BreakerRow | undefined> {
    this.reads += 1;
    return this.network.travel(() => this.inner.read(name));
  }

  trip: IBreakerStore['trip'] = (name, command) => this.#write(() => this.inner.trip(name, command));

  takeProbe: IBreakerStore['takeProbe'] = (name, command) => this.#write(() => this.inner.takeProbe(name, command));

  recordProbe: IBreakerStore['recordProbe'] = (name, command) =>
    this.#write(() => this.inner.recordProbe(name, command));

  force: IBreakerStore['force'] = (name, command) => this.#write(() => this.inner.force(name, command));

  #write(command: () => Promise<StoreAnswer>): Promise<StoreAnswer> {
    this.writes += 1;
    return this.network.travel(async () => {
      const answer = await command();
      if (answer.done && answer.row) {
        this.changes.push({ atMs: this.network.time.elapsedMs, row: answer.row });
        this.onChange(answer.row);
      }
      return answer;
    });
  }
}
