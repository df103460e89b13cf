import type { LimitRow } from '../../../lib/contract/limits-table';

/** A row, and when it was so. */
export interface SeenRow {
  readonly row: LimitRow;
  readonly atMs: number;
}

/** The rows that this process has seen last, of a bounded number of clients. */
export class RememberedRows {
  readonly #rows = new Map<string, SeenRow>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(clientId: string): SeenRow | undefined {
    return this.#rows.get(clientId);
  }

  set(clientId: string, seen: SeenRow): void {
    // Written anew, it is the newest: a map keeps the order in which its keys came.
    this.#rows.delete(clientId);
    this.#rows.set(clientId, seen);
    if (this.#rows.size <= this.#most) return;
    const [oldest] = this.#rows.keys();
    this.#rows.delete(oldest as string);
  }

  delete(clientId: string): void {
    this.#rows.delete(clientId);
  }
}
