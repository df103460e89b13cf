import type { CommitResult, ILedgerStore, LedgerRow, RowWrite } from '../lambda/runtime/spend/ledger-store';
import { MemoryLedgerStore, type MemoryWrite } from '../lambda/runtime/spend/memory-ledger-store';
import { LedgerTable } from '../lib/contract/ledger';
import type { VirtualTime } from '../test/promises/fleet/virtual-time';

/** Write units that one item takes a second: it is in one partition, however many there are. */
export const ITEM_WRITE_UNITS = 1_000;
/** Milliseconds for which a transaction holds its items, and of each half of the way there and back: assumed. */
export const HELD_MS = 8;
const WAY_MS = 2;

const KIB = 1_024;
/** A write within a transaction costs twice as much, and so does a read. */
const IN_TRANSACTION = 2;

const sizeOfValue = (value: unknown): number => {
  if (typeof value === 'number') return Math.ceil(String(Math.abs(value)).length / 2) + 1;
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + 1 + sizeOfValue(each), 3);
  if (typeof value === 'object' && value !== null) return 3 + sizeOf(value as LedgerRow) + Object.keys(value).length;
  return 1;
};

/** Bytes of an item, by the rules of DynamoDB's developer guide ("item sizes and formats"). */
export const sizeOf = (row: LedgerRow): number =>
  Object.entries(row)
    .filter(([, value]) => value !== undefined)
    .reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOfValue(value), 0);

/** Write units of one row's change; the larger of both rows counts. */
const unitsOf = (before: LedgerRow | undefined, after: LedgerRow | undefined): number =>
  Math.max(1, Math.ceil(Math.max(before ? sizeOf(before) : 0, after ? sizeOf(after) : 0) / KIB));

/** Writes of the index of leases: none, one to enter or leave it, two to move within it. */
const indexUnits = (before: LedgerRow | undefined, after: LedgerRow | undefined): number => {
  const placeOf = (row: LedgerRow | undefined) => row?.[LedgerTable.LEASE_UNTIL];
  if (placeOf(before) === placeOf(after)) return 0;
  return (placeOf(before) === undefined ? 0 : 1) + (placeOf(after) === undefined ? 0 : 1);
};

/** A table that counts what it is asked for. */
export class MeteredTable implements ILedgerStore<MemoryWrite> {
  readonly store = new MemoryLedgerStore();
  requests = 0;
  writes = 0;
  writeUnits = 0;
  readUnits = 0;

  read(keys: readonly string[]) {
    this.requests += 1;
    this.readUnits += keys.length;
    return this.store.read(keys);
  }

  snapshot(keys: readonly string[]) {
    this.requests += 1;
    this.readUnits += IN_TRANSACTION * keys.length;
    return this.store.snapshot(keys);
  }

  async commit(writes: readonly RowWrite[], alongside: readonly MemoryWrite[] = []): Promise<CommitResult> {
    const before = writes.map(({ key }) => this.store.rows.get(key));
    const result = await this.store.commit(writes, alongside);
    const factor = writes.length + alongside.length > 1 ? IN_TRANSACTION : 1;
    this.requests += 1;
    for (const [index, { key }] of writes.entries()) {
      const after = this.store.rows.get(key);
      this.writes += 1;
      this.writeUnits += factor * unitsOf(before[index], after) + indexUnits(before[index], after);
    }
    return result;
  }

  listEnded(bucket: string, before: number, limit: number) {
    return this.store.listEnded(bucket, before, limit);
  }
}

/** A table at which transactions meet: two at one item conflict, and an item takes so many writes a second. */
export class ContendedTable implements ILedgerStore<MemoryWrite> {
  readonly store = new MemoryLedgerStore();
  commits = 0;
  conflicts = 0;
  throttles = 0;
  readonly #heldUntil = new Map<string, number>();
  /** When an item that is written as fast as it takes it would be done with all that it was asked for. */
  readonly #busyUntil = new Map<string, number>();

  constructor(readonly time: VirtualTime) {}

  /** Counts anew. */
  forget(): void {
    this.commits = 0;
    this.conflicts = 0;
    this.throttles = 0;
  }

  async read(keys: readonly string[]) {
    return this.#travel(() => this.store.read(keys));
  }

  async snapshot(keys: readonly string[]) {
    return this.#travel(() => (this.#isHeld(keys) ? ('conflict' as const) : this.store.snapshot(keys)));
  }

  async commit(writes: readonly RowWrite[], alongside: readonly MemoryWrite[] = []): Promise<CommitResult> {
    return this.#travel(async () => {
      const keys = writes.map(({ key }) => key);
      const isTransaction = writes.length + alongside.length > 1;
      this.commits += 1;
      if (this.#isHeld(keys)) {
        this.conflicts += 1;
        return { kind: 'conflict' };
      }
      if (!this.#takeUnits(keys, isTransaction ? IN_TRANSACTION : 1)) {
        this.throttles += 1;
        return { kind: 'conflict' };
      }
      const result = this.store.commit(writes, alongside);
      if (isTransaction) {
        for (const key of keys) this.#heldUntil.set(key, this.time.now() + HELD_MS);
        await this.time.sleep(HELD_MS);
      }
      return result;
    });
  }

  async listEnded(bucket: string, before: number, limit: number) {
    return this.#travel(() => this.store.listEnded(bucket, before, limit));
  }

  async #travel<T>(work: () => T | Promise<T>): Promise<T> {
    await this.time.sleep(WAY_MS);
    const answer = await work();
    await this.time.sleep(WAY_MS);
    return answer;
  }

  #isHeld(keys: readonly string[]): boolean {
    return keys.some((key) => (this.#heldUntil.get(key) ?? 0) > this.time.now());
  }

  /** Up to a second's worth at once. */
  #takeUnits(keys: readonly string[], units: number): boolean {
    const now = this.time.now();
    const ends = keys.map((key) => Math.max(now, this.#busyUntil.get(key) ?? 0) + (units * 1_000) / ITEM_WRITE_UNITS);
    if (ends.some((end) => end > now + 1_000)) return false;
    for (const [index, key] of keys.entries()) this.#busyUntil.set(key, ends[index] ?? now);
    return true;
  }
}
