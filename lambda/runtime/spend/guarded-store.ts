import { LedgerUnavailableError } from './errors';
import type { CommitResult, ILedgerStore, LedgerRow, RowWrite } from './ledger-store';

const orUnavailable = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (cause) {
    throw new LedgerUnavailableError('The ledger cannot be reached.', { cause });
  }
};

/** A store whose failures are told from everything else. */
export class GuardedStore<Alongside> implements ILedgerStore<Alongside> {
  readonly #store: ILedgerStore<Alongside>;

  constructor(store: ILedgerStore<Alongside>) {
    this.#store = store;
  }

  read(keys: readonly string[]): Promise<ReadonlyMap<string, LedgerRow>> {
    return orUnavailable(this.#store.read(keys));
  }

  snapshot(keys: readonly string[]): Promise<ReadonlyMap<string, LedgerRow> | 'conflict'> {
    return orUnavailable(this.#store.snapshot(keys));
  }

  commit(writes: readonly RowWrite[], alongside?: readonly Alongside[]): Promise<CommitResult> {
    return orUnavailable(this.#store.commit(writes, alongside));
  }

  listEnded(bucket: string, before: number, limit: number): Promise<readonly string[]> {
    return orUnavailable(this.#store.listEnded(bucket, before, limit));
  }
}
