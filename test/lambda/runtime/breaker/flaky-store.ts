import { MemoryBreakerStore } from '../../../../lambda/runtime/breaker/memory-breaker-store';
import type { MaybeRow } from '../../../../lambda/runtime/breaker/transitions';
import type { BreakerRow } from '../../../../lib/contract/control';

/** A store in memory that can be cut off, be silent, or be slow, and knows what was asked of it. */
export class FlakyStore extends MemoryBreakerStore {
  mode: 'up' | 'down' | 'silent' = 'up';
  reads = 0;
  writes = 0;
  /** Holds reads back; a test lets them go. */
  gate: Promise<void> | undefined;

  override async read(name: string): Promise<MaybeRow> {
    this.reads += 1;
    await this.#pass();
    const row = await super.read(name);
    await this.gate;
    return row;
  }

  protected override async swap(name: string, seen: MaybeRow, next: BreakerRow): Promise<boolean> {
    this.writes += 1;
    await this.#pass();
    return super.swap(name, seen, next);
  }

  async #pass(): Promise<void> {
    if (this.mode === 'down') throw new Error('unreachable');
    if (this.mode === 'silent') await new Promise(() => undefined);
  }
}
