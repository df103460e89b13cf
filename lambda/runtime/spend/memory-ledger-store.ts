import { LedgerTable, reservationIdOf } from '../../../lib/contract/ledger';
import type { CommitResult, ILedgerStore, LedgerRow, RowWrite } from './ledger-store';
import { meets, written } from './row-writes';

/** A write of the caller's, to something else in this process, that is made together with those of the ledger. */
export interface MemoryWrite {
  /** Whether it may be made. */
  check(): boolean;
  apply(): void;
}

/** Rows in this process, for tests and simulations. */
export class MemoryLedgerStore implements ILedgerStore<MemoryWrite> {
  readonly rows = new Map<string, LedgerRow>();
  /** The open reservations, with the end of their leases. */
  readonly #leases = new Map<string, Map<string, number>>();

  async read(keys: readonly string[]): Promise<ReadonlyMap<string, LedgerRow>> {
    const found = new Map<string, LedgerRow>();
    for (const key of keys) {
      const row = this.rows.get(key);
      if (row) found.set(key, row);
    }
    return found;
  }

  async snapshot(keys: readonly string[]): Promise<ReadonlyMap<string, LedgerRow> | 'conflict'> {
    return this.read(keys);
  }

  async commit(writes: readonly RowWrite[], alongside: readonly MemoryWrite[] = []): Promise<CommitResult> {
    const isRefused = ({ key, conditions }: RowWrite) =>
      !conditions.every((condition) => meets(this.rows.get(key), condition));
    const inTheWay = writes
      .filter(isRefused)
      .map(({ key }): [string, LedgerRow | undefined] => [key, this.rows.get(key)]);
    const isAlongsideRefused = alongside.some((write) => !write.check());
    if (inTheWay.length > 0 || isAlongsideRefused) {
      return { kind: 'refused', rows: new Map(inTheWay), alongside: isAlongsideRefused };
    }
    for (const write of writes) this.#write(write);
    for (const write of alongside) write.apply();
    return { kind: 'committed' };
  }

  async listEnded(bucket: string, before: number, limit: number): Promise<readonly string[]> {
    return [...(this.#leases.get(bucket) ?? [])]
      .filter(([, until]) => until < before)
      .sort(([, a], [, b]) => a - b)
      .slice(0, limit)
      .map(([id]) => id);
  }

  #write(write: RowWrite): void {
    const before = this.rows.get(write.key);
    const after = written(before, write);
    if (after === before || !after) return;
    this.rows.set(write.key, after);
    this.#index(write.key, before, after);
  }

  #index(key: string, before: LedgerRow | undefined, after: LedgerRow): void {
    const { LEASE_BUCKET, LEASE_UNTIL } = LedgerTable;
    const bucketOf = (row: LedgerRow | undefined) => row?.[LEASE_BUCKET] as string | undefined;
    const id = reservationIdOf(key);
    const left = bucketOf(before);
    if (left !== undefined) this.#leases.get(left)?.delete(id);
    const entered = bucketOf(after);
    if (entered === undefined) return;
    const entries = this.#leases.get(entered) ?? new Map<string, number>();
    this.#leases.set(entered, entries.set(id, Number(after[LEASE_UNTIL])));
  }
}
