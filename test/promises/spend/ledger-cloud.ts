import type { CommitResult, ILedgerStore, LedgerRow, RowWrite } from '../../../lambda/runtime/spend/ledger-store';
import { MemoryLedgerStore, type MemoryWrite } from '../../../lambda/runtime/spend/memory-ledger-store';
import type { MortalProcess } from '../crash/mortal-process';

/** Milliseconds for which a transaction holds its rows: another one that wants one of them meanwhile is refused. */
const HELD_MS = 4;

/** Told of every commit that was made, with the rows as they were before it. */
export type OnCommit = (writes: readonly RowWrite[], before: ReadonlyMap<string, LedgerRow | undefined>) => void;

/** One table for all processes: each sees it from afar, and two transactions at one row conflict. */
export class LedgerCloud {
  readonly table = new MemoryLedgerStore();
  conflicts = 0;
  readonly #heldUntil = new Map<string, number>();

  constructor(
    readonly now: () => number,
    readonly onCommit: OnCommit,
  ) {}

  asSeenBy(process: MortalProcess): ILedgerStore<MemoryWrite> {
    const { table } = this;
    return {
      read: (keys) => process.perform('read', () => table.read(keys)),
      snapshot: (keys) => process.perform('snapshot', () => (this.#isHeld(keys) ? 'conflict' : table.snapshot(keys))),
      commit: (writes, alongside) => process.perform('commit', () => this.#commit(writes, alongside)),
      listEnded: (bucket, before, limit) => process.perform('list', () => table.listEnded(bucket, before, limit)),
    };
  }

  async #commit(writes: readonly RowWrite[], alongside: readonly MemoryWrite[] = []): Promise<CommitResult> {
    const keys = writes.map(({ key }) => key);
    if (this.#isHeld(keys)) {
      this.conflicts += 1;
      return { kind: 'conflict' };
    }
    const before = new Map(keys.map((key) => [key, this.table.rows.get(key)]));
    // Nothing comes in between: the store in memory decides before it first waits.
    const result = this.table.commit(writes, alongside);
    const isTransaction = writes.length + alongside.length > 1;
    if (isTransaction) for (const key of keys) this.#heldUntil.set(key, this.now() + HELD_MS);
    const made = await result;
    if (made.kind === 'committed') this.onCommit(writes, before);
    return made;
  }

  #isHeld(keys: readonly string[]): boolean {
    return keys.some((key) => (this.#heldUntil.get(key) ?? 0) > this.now());
  }
}
