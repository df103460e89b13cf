import type { LedgerRow, RowWrite } from '../../../lambda/runtime/spend/ledger-store';
import type { Part } from '../../../lambda/runtime/spend/parts';
import type { ReservationRow } from '../../../lambda/runtime/spend/reservation';
import { LedgerSpan, reservationKey, SpendCapName, type SpendCapNameValue } from '../../../lib/contract/ledger';

/** What a cap may be at one time: one number, or while it is being changed, both. */
export type CapRange = readonly [low: number, high: number];

export interface JudgedCaps {
  readonly day: CapRange;
  readonly month: CapRange;
}

/** A window of one owner: of a client, or of all. */
const windowOf = (owner: string, window: string): string => `${owner} ${window}`;
const ALL = '*';

/** The caps that have a window. */
type WindowedCap = Exclude<SpendCapNameValue, 'job'>;

const windowsFor = (clientId: string, day: string): Readonly<Record<WindowedCap, string>> => ({
  'client-day': windowOf(clientId, day),
  'client-month': windowOf(clientId, day.slice(0, -3)),
  'global-day': windowOf(ALL, day),
  'global-month': windowOf(ALL, day.slice(0, -3)),
});

/** One request as it is under way. */
export class Watch {
  /** What was left of each window at the worst instant of the request. */
  readonly leastLeft = new Map<string, number>();
  /** What the request needed at most. */
  needed: number;

  constructor(
    readonly windows: Readonly<Record<WindowedCap, string>>,
    readonly estimate: number,
    readonly startedWhileCut: boolean,
  ) {
    this.needed = estimate;
  }
}

interface Truth {
  committed: number;
  spent: number;
  /** By calls that have cost more than their estimate. */
  overrun: number;
}

export interface ChargedCall {
  /** What it is charged with now. */
  amount: number;
  isSettled: boolean;
}

const totalOf = (parts: readonly Part[]): number => parts.reduce((sum, { amount }) => sum + amount, 0);

/**
 * Knows everything: what is committed by the reservations themselves, whatever the windows' rows say, and what every
 * cap is. Told of each commit, in the order in which they are made.
 */
export class SpendJudge {
  /** Most that was committed beyond a cap, overruns left out. */
  overspend = 0;
  /** The same with overruns: until a debt is collected, others go on. */
  overspendWithOverruns = 0;
  falseRefusals = 0;
  committedWhileCut = 0;
  begunWhileCut = 0;
  readonly calls = new Map<string, ChargedCall>();
  readonly truth = new Map<string, Truth>();
  readonly #watches = new Map<string, Set<Watch>>();
  readonly #byReservation = new Map<string, Set<Watch>>();
  #isCut = false;

  constructor(
    readonly clientCaps: { readonly day: number; readonly month: number },
    public caps: JudgedCaps,
  ) {}

  /** Caps that may hold from now on. */
  setCaps(caps: JudgedCaps): void {
    this.caps = caps;
    for (const window of this.#watches.keys()) this.#noteLeft(window);
  }

  /** Spending is cut off, and whoever did so has been told; or no longer. */
  setCut(isCut: boolean): void {
    this.#isCut = isCut;
  }

  /** A request begins that may be refused. */
  watch(id: string, clientId: string, day: string, estimate: number, row?: LedgerRow): Watch {
    const watch = new Watch(windowsFor(clientId, day), estimate, this.#isCut);
    if (row) watch.needed = neededBy(watch, row as unknown as ReservationRow);
    for (const window of Object.values(watch.windows)) {
      addTo(this.#watches, window, watch);
      watch.leastLeft.set(window, this.#left(window));
    }
    addTo(this.#byReservation, reservationKey(id), watch);
    return watch;
  }

  /** It has ended; `refusedBy` names the cap by which it was refused. */
  end(id: string, watch: Watch, outcome: { readonly kind: string; readonly cap?: SpendCapNameValue }): void {
    for (const window of Object.values(watch.windows)) this.#watches.get(window)?.delete(watch);
    this.#byReservation.get(reservationKey(id))?.delete(watch);
    if (outcome.kind === 'begun' && watch.startedWhileCut) this.begunWhileCut += 1;
    if (outcome.kind !== 'refused' || !outcome.cap) return;
    // No job of the scene has a cap of its own.
    const left = outcome.cap === SpendCapName.JOB ? undefined : watch.leastLeft.get(watch.windows[outcome.cap]);
    if (outcome.cap === SpendCapName.JOB || (left ?? 0) >= watch.needed) this.falseRefusals += 1;
  }

  readonly onCommit = (writes: readonly RowWrite[], before: ReadonlyMap<string, LedgerRow | undefined>): void => {
    for (const { key, replacement } of writes) {
      if (!replacement || !key.startsWith(reservationKey(''))) continue;
      const row = replacement as unknown as ReservationRow;
      this.#noteRow(before.get(key) as unknown as ReservationRow | undefined, row);
      for (const watch of this.#byReservation.get(key) ?? []) {
        watch.needed = Math.max(watch.needed, neededBy(watch, row));
      }
    }
  };

  #noteRow(before: ReservationRow | undefined, after: ReservationRow): void {
    const changes = new Map<string, { committed: number; spent: number }>();
    const add = (parts: readonly Part[], kind: 'committed' | 'spent', sign: number) => {
      for (const { day, amount } of parts) {
        for (const window of Object.values(windowsFor(after.clientId, day))) {
          const change = changes.get(window) ?? { committed: 0, spent: 0 };
          change[kind] += sign * amount;
          changes.set(window, change);
        }
      }
    };
    for (const [row, sign] of [
      [before, -1],
      [after, 1],
    ] as const) {
      if (!row) continue;
      add([...row.holds, ...row.calls.flatMap(({ parts }) => parts), ...row.used], 'committed', sign);
      add([...row.used, ...row.calls.flatMap(({ assumed, parts }) => (assumed ? parts : []))], 'spent', sign);
    }
    const ended = (before?.calls ?? []).filter(({ id }) => !after.calls.some((call) => call.id === id));
    this.#noteCalls(before, after, ended);
    const overrun = totalOf(after.used) - totalOf(before?.used ?? []) - totalOf(ended.flatMap(({ parts }) => parts));
    const overrunDay = ended.at(-1)?.parts.at(-1)?.day ?? after.day;
    if (ended.length > 0 && overrun > 0) {
      for (const window of Object.values(windowsFor(after.clientId, overrunDay))) this.#of(window).overrun += overrun;
    }
    for (const [window, { committed, spent }] of changes) {
      const truth = this.#of(window);
      truth.committed += committed;
      truth.spent += spent;
      if (committed <= 0) continue;
      this.#noteLeft(window);
      if (ended.length > 0) continue;
      const [, cap] = this.#capOf(window);
      this.overspend = Math.max(this.overspend, truth.committed - truth.overrun - cap);
      this.overspendWithOverruns = Math.max(this.overspendWithOverruns, truth.committed - cap);
      if (this.#isCut) this.committedWhileCut += 1;
    }
  }

  #noteCalls(before: ReservationRow | undefined, after: ReservationRow, ended: ReservationRow['calls']): void {
    for (const { id, parts } of after.calls) {
      this.calls.set(`${after.key} ${id}`, { amount: totalOf(parts), isSettled: false });
    }
    const used = totalOf(after.used) - totalOf(before?.used ?? []);
    for (const { id } of ended) this.calls.set(`${after.key} ${id}`, { amount: used, isSettled: true });
  }

  #of(window: string): Truth {
    const truth = this.truth.get(window) ?? { committed: 0, spent: 0, overrun: 0 };
    this.truth.set(window, truth);
    return truth;
  }

  #capOf(window: string): CapRange {
    const [owner, name = ''] = window.split(' ');
    const span = name.length > 7 ? LedgerSpan.DAY : LedgerSpan.MONTH;
    if (owner === ALL) return this.caps[span];
    return [this.clientCaps[span], this.clientCaps[span]];
  }

  #left(window: string): number {
    return this.#capOf(window)[0] - (this.truth.get(window)?.committed ?? 0);
  }

  #noteLeft(window: string): void {
    const left = this.#left(window);
    for (const { leastLeft } of this.#watches.get(window) ?? []) {
      leastLeft.set(window, Math.min(left, leastLeft.get(window) ?? left));
    }
  }
}

const neededBy = ({ estimate }: Watch, { holds }: ReservationRow): number => Math.max(0, estimate - totalOf(holds));

function addTo<T>(sets: Map<string, Set<T>>, key: string, value: T): void {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(value));
}
