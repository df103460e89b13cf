import {
  type CutOff,
  type GlobalCaps,
  LEDGER_SETTINGS_KEY,
  type LedgerSettings,
  LedgerSpan,
} from '../../../lib/contract/ledger';
import { Attempts } from './attempts';
import { GuardedStore } from './guarded-store';
import { Healer } from './healer';
import type { CapChange, ISpendControl, SpendStatus } from './ledger';
import {
  checkAmounts,
  type ResolvedOptions,
  resolveOptions,
  type SpendLedgerOptions,
  type SpendLedgerTools,
} from './ledger-options';
import type { ILedgerStore, LedgerRow } from './ledger-store';
import { capsOf, settingsIn, settingsUnchanged } from './settings';
import { windowsStatus } from './status';
import { liveWindows, windowsAt } from './windows';

/** Times that a step is tried: whoever cuts spending off would rather wait than come back. */
const CONTROL_ATTEMPTS = 200;

const NEVER_SET: LedgerSettings = { key: LEDGER_SETTINGS_KEY, version: 0, deployed: {}, override: {} };

/** Settings as they are to be; undefined where they are so already. */
type Rule = (settings: LedgerSettings) => Omit<LedgerSettings, 'key' | 'version'> | undefined;

/** Changes the settings of a ledger, and then every row that has them in it: what is missing of that is made by `heal`. */
export class SpendControl<Alongside = never> implements ISpendControl {
  readonly #store: ILedgerStore<Alongside>;
  readonly #options: ResolvedOptions;
  readonly #healer: Healer<Alongside>;

  constructor(store: ILedgerStore<Alongside>, options: SpendLedgerOptions = {}, tools: SpendLedgerTools = {}) {
    this.#store = new GuardedStore(store);
    this.#options = resolveOptions({ attempts: CONTROL_ATTEMPTS, ...options }, tools);
    this.#healer = new Healer(this.#store, this.#options);
  }

  async readStatus(nowMs: number): Promise<SpendStatus> {
    const windows = windowsAt(nowMs);
    const { settings, shards } = await this.#healer.view(windows.month);
    const { version, deployed, override, cut } = settings;
    const caps = capsOf(settings);
    const rows = shards.map(({ row }) => row);
    const capOf = { [LedgerSpan.DAY]: caps.globalDay, [LedgerSpan.MONTH]: caps.globalMonth };
    return {
      version,
      deployed,
      override,
      caps,
      ...(cut ? { cut } : {}),
      ...windowsStatus(rows, windows, (span) => capOf[span]),
    };
  }

  async setCaps(change: CapChange, nowMs: number): Promise<SpendStatus> {
    const given = Object.entries(change).filter(([, cap]) => cap !== undefined);
    checkAmounts(Object.fromEntries(given.filter(([, cap]) => cap !== 'deployed')));
    await this.#changeSettings(({ override, ...settings }) => {
      const asked: CapChange = { ...override, ...Object.fromEntries(given) };
      const next: GlobalCaps = Object.fromEntries(Object.entries(asked).filter(([, cap]) => cap !== 'deployed'));
      return areEqual(next, override) ? undefined : { ...settings, override: next };
    });
    return this.#spread(nowMs);
  }

  async syncDeployedCaps({ globalDay, globalMonth }: GlobalCaps, nowMs: number): Promise<SpendStatus> {
    checkAmounts({ globalDay, globalMonth });
    const deployed = {
      ...(globalDay === undefined ? {} : { globalDay }),
      ...(globalMonth === undefined ? {} : { globalMonth }),
    };
    await this.#changeSettings(
      (settings) =>
        settings.version > 0 && areEqual(deployed, settings.deployed) ? undefined : { ...settings, deployed },
      NEVER_SET,
    );
    return this.#spread(nowMs);
  }

  async cut(cut: CutOff): Promise<SpendStatus> {
    await this.#changeSettings((settings) => (settings.cut ? undefined : { ...settings, cut }));
    return this.#spread(cut.at);
  }

  async restore(nowMs: number): Promise<SpendStatus> {
    await this.#changeSettings(({ cut, ...settings }) => (cut ? settings : undefined));
    return this.#spread(nowMs);
  }

  heal(nowMs: number): Promise<boolean> {
    return this.#healer.heal(liveWindows(nowMs));
  }

  /** Brings the settings into every row that has them in it. */
  async #spread(nowMs: number): Promise<SpendStatus> {
    await this.heal(nowMs);
    return this.readStatus(nowMs);
  }

  /** Writes the settings by a rule, under the version that it was told. */
  async #changeSettings(rule: Rule, whereMissing?: LedgerSettings): Promise<void> {
    const attempts = new Attempts(this.#options);
    for (;;) {
      const rows = await this.#store.read([LEDGER_SETTINGS_KEY]);
      const isMissing = !rows.has(LEDGER_SETTINGS_KEY);
      const settings = isMissing && whereMissing ? whereMissing : settingsIn(rows);
      const next = rule(settings);
      if (!next) return;
      const replacement = { ...next, key: LEDGER_SETTINGS_KEY, version: settings.version + 1 } as unknown as LedgerRow;
      const { conditions } = settingsUnchanged(settings);
      const result = await this.#store.commit([
        {
          key: LEDGER_SETTINGS_KEY,
          conditions: isMissing ? [{ attribute: 'version', is: 'absent' }] : conditions,
          replacement,
        },
      ]);
      if (result.kind === 'committed') return;
      if (result.kind === 'conflict') await attempts.conflict(result.cause);
      else attempts.lost();
    }
  }
}

const areEqual = (a: GlobalCaps, b: GlobalCaps): boolean =>
  a.globalDay === b.globalDay && a.globalMonth === b.globalMonth;
