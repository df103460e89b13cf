/** What a breaker is in; times are milliseconds since the epoch. */
export type BreakerState =
  | {
      readonly status: 'closed';
      readonly epoch: number;
      /** When it last left `closed`. @default - never */
      readonly lastOpenedAt?: number;
      /** When it last became `closed`. @default - it has never been anything else */
      readonly closedAt?: number;
    }
  | {
      readonly status: 'open';
      readonly epoch: number;
      /** When the next probe may start. */
      readonly openUntil: number;
      /** Whether an operator opened it: no probe runs until somebody closes it. */
      readonly held: boolean;
      readonly lastOpenedAt: number;
    }
  | {
      readonly status: 'half-open';
      readonly epoch: number;
      /** Probes in a row that have succeeded. */
      readonly successes: number;
      readonly lastOpenedAt: number;
      /** Before when no probe may start, as the last one ended without a verdict. @default - one may now */
      readonly nextProbeAt?: number;
    };

/** The state with what the breaker knows about its own knowledge. */
export type BreakerView = BreakerState & {
  /** Whether the store cannot be reached, so that the state is this process's own. */
  readonly degraded: boolean;
};

/**
 * The right to make one call. Exactly one of its three methods is called, once, when the call has ended. None of them
 * throws: a result that cannot be shared is kept in the process.
 */
export interface Permit {
  /** `probe`: the one call that the whole fleet makes while the breaker is half-open. */
  readonly kind: 'normal' | 'probe';
  /** The call succeeded within `durationMs` milliseconds; above `slowCallMs` it counts as failed. */
  success(durationMs: number): Promise<void> | void;
  /** The call failed by the upstream's fault. */
  failure(durationMs: number): Promise<void> | void;
  /**
   * The call was not made, or its end says nothing about the upstream (cancelled, refused for the request's fault).
   * After a probe, which may have been a paid call, the next one waits for `openForMs`.
   */
  abandon(): Promise<void> | void;
}

export interface IBreaker {
  /**
   * Asks for the right to make one call; `owner` names the caller, for people who read the row of a probe.
   * @throws BreakerOpenError where no call may be made now.
   */
  acquire(owner?: string): Promise<Permit>;

  /** What is known now, without asking the store. */
  state(): BreakerView;

  /**
   * Makes one call under a permit and settles as the call does. A rejection counts as failure unless `isFailure` of
   * the options says otherwise; an abort of `signal` gives the permit back.
   * @throws BreakerOpenError where no call may be made now.
   */
  execute<T>(call: (signal: AbortSignal | undefined) => Promise<T>, signal?: AbortSignal): Promise<T>;
}
