import type { IServedStore } from './served-store';

/** What one process knows; for simulations, and for services of a single process. */
export class MemoryServedStore implements IServedStore {
  readonly #servedAt = new Map<string, number>();

  async read(upstream: string): Promise<number | undefined> {
    return this.#servedAt.get(upstream);
  }

  async advance(upstream: string, servedAt: number): Promise<void> {
    this.#servedAt.set(upstream, Math.max(servedAt, this.#servedAt.get(upstream) ?? servedAt));
  }
}
