import type { BreakerRow } from '../../../lib/contract/control';

/** Opens a closed breaker. */
export interface TripCommand {
  /** The epoch that was closed; where the row has another, nothing is written. */
  readonly expectedEpoch: number;
  readonly nowMs: number;
  /** Milliseconds since the epoch before which no probe may start. */
  readonly openUntil: number;
  /** A word, such as `failure-rate`. */
  readonly reason: string;
}

/** Takes the right to the fleet's one probe. */
export interface TakeProbeCommand {
  /** Unique to this taking, so that a late result of an earlier one cannot pass for it. */
  readonly owner: string;
  /** The epoch of the open or half-open breaker that was seen. */
  readonly epoch: number;
  readonly nowMs: number;
  /** Milliseconds that the right lasts. */
  readonly leaseMs: number;
  /** Milliseconds by which two clocks of the fleet may differ; another's lease is honoured so much longer. */
  readonly maxSkewMs: number;
}

/** How a probe ended. `released`: it was not made, or said nothing; nobody may probe before `nextProbeAt`. */
export type ProbeResult =
  | { readonly kind: 'succeeded' /** Probes in a row that close the breaker. */; readonly successesToClose: number }
  | { readonly kind: 'failed'; readonly openUntil: number; readonly reason: string }
  | { readonly kind: 'released'; readonly nextProbeAt: number };

export interface RecordProbeCommand {
  /** As in the command that took the probe. */
  readonly owner: string;
  /** Epoch of the row that taking the probe gave. */
  readonly epoch: number;
  readonly nowMs: number;
  readonly result: ProbeResult;
}

/** Sets a breaker by hand, whatever it is in. */
export interface ForceCommand {
  /** `open` holds it open until somebody closes it. */
  readonly to: 'open' | 'closed';
  readonly nowMs: number;
  readonly reason: string;
}

/** Whether the command was carried out, and the row as it is after it; where refused, as it is instead. */
export interface StoreAnswer {
  readonly done: boolean;
  /** @default - the row is missing: a closed breaker of epoch 0 */
  readonly row: BreakerRow | undefined;
}

/**
 * Where a fleet keeps the state of its breakers; `name` is the breaker's, such as `upstream`. Every command is one
 * compare-and-set by the rules of `transitions.ts`. A call rejects where the store cannot be reached.
 */
export interface IBreakerStore {
  /** The row, or undefined where there is none, by a consistent read. */
  read(name: string): Promise<BreakerRow | undefined>;
  trip(name: string, command: TripCommand): Promise<StoreAnswer>;
  takeProbe(name: string, command: TakeProbeCommand): Promise<StoreAnswer>;
  recordProbe(name: string, command: RecordProbeCommand): Promise<StoreAnswer>;
  force(name: string, command: ForceCommand): Promise<StoreAnswer>;
}
