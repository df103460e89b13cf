import type { CutOff, GlobalCaps, SpendCapNameValue } from '../../../lib/contract/ledger';

/** The caps of one client, in micro-USD. @default - no cap of its own */
export interface ClientCaps {
  /** In one UTC day. */
  readonly perDay?: number;
  /** In one UTC month. */
  readonly perMonth?: number;
  /** By one job, over all its calls, as long as it lives. */
  readonly perJob?: number;
}

/** What is left of a cap does not cover it: nothing was written. */
export interface Refused {
  readonly kind: 'refused';
  /** Of several, the one whose window ends last. */
  readonly cap: SpendCapNameValue;
  /** Micro-USD that were left of it. */
  readonly left: number;
  /** Milliseconds since the epoch at which its window ends; infinite for the cap of a job, which has none. */
  readonly resetsAt: number;
}

/** Spending is cut off: nothing was written. */
export interface RefusedByCut {
  readonly kind: 'cut';
  readonly cut: CutOff;
}

export interface ReserveRequest<Alongside = never> {
  /** The job's id; a second reservation under it is never made. */
  readonly id: string;
  readonly clientId: string;
  readonly clientCaps: ClientCaps;
  /** The worst case of one call, in micro-USD; an integer >= 0. */
  readonly estimate: number;
  /** Decides the UTC day and month to which the job is charged. */
  readonly nowMs: number;
  /** Seconds since the epoch until which the row is kept once it is closed: as long as the job may be run again. */
  readonly keepUntil: number;
  /** Writes of the caller's that are made in the same transaction, or not at all. @default - none */
  readonly alongside?: readonly Alongside[];
}

export type ReserveOutcome =
  | { readonly kind: 'reserved' }
  /** There is a reservation of this id: an earlier request's, or this one's, whose answer was lost. */
  | { readonly kind: 'exists'; readonly clientId: string }
  /** A condition of a write alongside was not met. */
  | { readonly kind: 'alongside-refused' }
  | Refused
  | RefusedByCut;

export interface BeginRequest {
  /** Names the call within its job; another one for each call that is made, such as `<fence>.<attempt>`. */
  readonly callId: string;
  /** The worst case of this call at today's price, in micro-USD; an integer >= 0. */
  readonly estimate: number;
  readonly nowMs: number;
}

export type BeginOutcome =
  /** The call may be made; `repeated` where this very call was begun before. */
  | { readonly kind: 'begun'; readonly repeated: boolean }
  /** A call of this id has ended already: it must not be made once more. */
  | { readonly kind: 'ended' }
  /** There is no reservation of this id, or no longer. */
  | { readonly kind: 'missing' }
  | Refused
  | RefusedByCut;

export interface SettleRequest<Alongside = never> {
  readonly callId: string;
  /** What the call has cost, in micro-USD; 0 where the provider refused it. An integer >= 0. */
  readonly amount: number;
  /** Whether the job makes no further call: what it holds is given back. @default false */
  readonly close?: boolean;
  /** Writes of the caller's that are made in the same transaction, or not at all. @default - none */
  readonly alongside?: readonly Alongside[];
}

export type SettleOutcome =
  | {
      readonly kind: 'settled';
      /** Whether the call was settled before, or never begun: nothing was changed but, where asked for, closed. */
      readonly repeated: boolean;
      /** Micro-USD by which the call has cost more than its estimate: recorded, whatever the caps say. */
      readonly overrunMicroUsd: number;
    }
  | { readonly kind: 'missing' }
  /** A condition of a write alongside was not met: nothing was written. */
  | { readonly kind: 'alongside-refused' };

export type CloseOutcome = { readonly kind: 'closed'; readonly repeated: boolean } | { readonly kind: 'missing' };

export interface ExpireRequest {
  readonly nowMs: number;
  /** Most reservations of one bucket in one run; an integer >= 1. @default 25 */
  readonly limit?: number;
  /** Whether the job may still run: its lease is extended. @default - no job may */
  readonly isAlive?: (id: string) => Promise<boolean>;
}

export interface ExpireReport {
  readonly extended: number;
  readonly closed: number;
  /** Micro-USD that are taken as spent by calls whose outcome nobody has told. */
  readonly assumedMicroUsd: number;
  /** Reservations that could not be looked at or written: another run will. */
  readonly failed: number;
}

/** One window of a cap; all amounts in micro-USD. */
export interface WindowStatus {
  /** `2026-11-27`, or `2026-11`. */
  readonly window: string;
  /** @default - no cap */
  readonly cap?: number;
  /** Spent and reserved together. */
  readonly committed: number;
  readonly spent: number;
  readonly reserved: number;
  /** Of the cap; 0 where more is committed. @default - no cap */
  readonly left?: number;
  /** Milliseconds since the epoch. */
  readonly resetsAt: number;
}

export interface SpendWindows {
  readonly day: WindowStatus;
  readonly month: WindowStatus;
}

/** What one job has cost so far; all amounts in micro-USD. */
export interface ReservationStatus {
  readonly clientId: string;
  /** UTC day in which it was accepted. */
  readonly day: string;
  /** Held for the next call. */
  readonly held: number;
  /** Charged at the estimate for calls whose outcome is not known. */
  readonly unknown: number;
  /** Of calls that were settled. */
  readonly spent: number;
  readonly closed: boolean;
}

/**
 * Keeps what is committed within every cap: reserve before a job is accepted, begin before each paid call, settle after
 * it, close when the job has ended. Every method may be repeated: what was done already is not done again.
 *
 * Each throws LedgerUnavailableError where the store fails, LedgerBusyError where it is contended for too long, and
 * RangeError where an argument is out of its range. None of the three says that money was missing.
 */
export interface ISpendLedger<Alongside = never> {
  reserve(request: ReserveRequest<Alongside>): Promise<ReserveOutcome>;
  /**
   * Marks a call as sent, before it is made. Beyond what the reservation holds, the rest is committed in the windows of
   * `nowMs`, under the caps of today: where an earlier call's outcome is not known, the price has risen, or the
   * reservation was closed.
   */
  begin(id: string, request: BeginRequest): Promise<BeginOutcome>;
  /** Records what a call has cost, also after its reservation was closed or has expired. */
  settle(id: string, request: SettleRequest<Alongside>): Promise<SettleOutcome>;
  /** Gives back what the job holds; a call whose outcome is not known stays charged at its estimate. */
  close(id: string): Promise<CloseOutcome>;
  /** Closes the reservations whose lease has ended, except those of jobs that are alive. */
  expire(request: ExpireRequest): Promise<ExpireReport>;
  /** What a client has committed and spent. */
  readClient(clientId: string, caps: ClientCaps, nowMs: number): Promise<SpendWindows>;
  readReservation(id: string): Promise<ReservationStatus | undefined>;
}

/** A change of the operator's caps: a number in micro-USD, or `deployed` for the one that was deployed. @default - as it is */
export interface CapChange {
  readonly globalDay?: number | 'deployed';
  readonly globalMonth?: number | 'deployed';
}

export interface SpendStatus extends SpendWindows {
  /** Version of the settings. */
  readonly version: number;
  readonly deployed: GlobalCaps;
  readonly override: GlobalCaps;
  /** The caps that hold. */
  readonly caps: GlobalCaps;
  /** @default - spending is not cut off */
  readonly cut?: CutOff;
}

/**
 * Changes the caps of the service and cuts it off. Each method may be repeated, and has to be where it throws: half of
 * a change may have been made by then, and `heal` or the same call makes the rest.
 */
export interface ISpendControl {
  /** @throws LedgerUnavailableError where the store fails, or there are no settings. */
  readStatus(nowMs: number): Promise<SpendStatus>;
  /** Sets caps in place of the deployed ones; when it returns, nothing can be reserved beyond them. */
  setCaps(change: CapChange, nowMs: number): Promise<SpendStatus>;
  /**
   * Stops every reservation, and every call that has not begun; when it returns, none is reserved, and none begins but one
   * whose `begin` was under way, which nothing was committed for anew.
   */
  cut(cut: CutOff): Promise<SpendStatus>;
  /** Lets spending go on. */
  restore(nowMs: number): Promise<SpendStatus>;
  /** Takes the caps over with which the stack was deployed; the first time, it opens the ledger. */
  syncDeployedCaps(caps: GlobalCaps, nowMs: number): Promise<SpendStatus>;
  /** Makes the rest of a change that was begun and not ended; answers whether there was one. */
  heal(nowMs: number): Promise<boolean>;
}
