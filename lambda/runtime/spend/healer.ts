import type { LedgerWindows } from '../../../lib/contract/ledger';
import { Attempts } from './attempts';
import { type GlobalView, isComplete, viewKeys, viewOf } from './global-view';
import { cutStep, debtStep, resizeStep, type Step } from './healing';
import type { ResolvedOptions } from './ledger-options';
import type { ILedgerStore } from './ledger-store';

const firstOf = <T>(values: readonly T[], stepOf: (value: T) => Step): Step => {
  for (const value of values) {
    const step = stepOf(value);
    if (step) return step;
  }
  return undefined;
};

/** Brings the rows of the global cap to what the settings say, one step at a time: each states what it relies on. */
export class Healer<Alongside> {
  readonly #store: ILedgerStore<Alongside>;
  readonly #options: ResolvedOptions;

  constructor(store: ILedgerStore<Alongside>, options: ResolvedOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Heals these windows; answers whether there was anything to do. @throws LedgerBusyError */
  async heal(live: readonly LedgerWindows[]): Promise<boolean> {
    let hasHealed = false;
    for (const month of new Set(live.map((windows) => windows.month))) {
      const days = live.filter((windows) => windows.month === month);
      const attempts = new Attempts(this.#options);
      for (;;) {
        const view = await this.view(month);
        const step = cutStep(view) ?? firstOf(days, (windows) => resizeStep(view, windows) ?? debtStep(view, windows));
        if (!step) break;
        const result = await this.#store.commit(step);
        if (result.kind === 'committed') hasHealed = true;
        else if (result.kind === 'conflict') await attempts.conflict(result.cause);
        else attempts.lost();
      }
    }
    return hasHealed;
  }

  /** All shards of a month that there are, each as of a read of its own. */
  async view(month: string): Promise<GlobalView> {
    let count = this.#options.shards;
    for (;;) {
      const shards = Array.from({ length: count }, (_, index) => index);
      const view = viewOf(await this.#store.read(viewKeys(month, shards)), month, shards, count);
      if (isComplete(view)) return view;
      count = view.count;
    }
  }
}
