import { type Clock, type Random, sleep, systemClock } from '../clock/clock';
import type { BreakerView, IBreaker, Permit } from './breaker';
import { type BreakerOptions, type BreakerTools, type ResolvedOptions, resolveOptions } from './breaker-options';
import type { ProbeResult, TakeProbeCommand } from './breaker-store';
import { BreakerOpenError } from './errors';
import { NormalPermit, type PermitKeeper, ProbePermit } from './permits';
import { RollingWindow } from './rolling-window';
import { type Command, StateKeeper } from './state-keeper';
import { recordProbe, takeProbe, trip } from './transitions';

/**
 * Times that a probe is taken, or its outcome written, where the store fails: nobody else can say it, and unsaid it
 * costs the fleet the rest of the probe's lease.
 */
const PROBE_TRIES = 3;

/** What the end of a call does; made once for a closed generation, and not for each call. */
interface Endings {
  readonly onSuccess: (value: unknown) => unknown;
  readonly onFailure: (error: unknown) => Promise<never>;
}

/**
 * Stops calling an upstream that fails, and finds out with one probe at a time when it serves again.
 *
 * Without a store the state is this process's own. With one it is the fleet's: read at most once or twice a second,
 * written only when it changes, and while the store cannot be reached each process goes on with a state of its own.
 * @throws RangeError where an option is out of its range.
 */
export class CircuitBreaker implements IBreaker {
  readonly #options: ResolvedOptions;
  readonly #now: Clock;
  readonly #random: Random;
  readonly #window: RollingWindow;
  readonly #keeper: StateKeeper;
  readonly #permits: PermitKeeper;
  readonly #slowCallMs: number;
  readonly #isMeasured: boolean;
  #permit: NormalPermit;
  #endings: Endings;
  #windowOf = 0;
  #refusal: BreakerOpenError | undefined;
  /** Makes the names of this breaker's probes unlike those of any other. */
  readonly #signature: string;
  #probes = 0;

  constructor(options: BreakerOptions = {}, tools: BreakerTools = {}) {
    this.#options = resolveOptions(options);
    this.#now = tools.now ?? systemClock;
    this.#random = tools.random ?? Math.random;
    this.#window = new RollingWindow(this.#options.windowMs);
    this.#slowCallMs = this.#options.slowCallMs;
    this.#isMeasured = this.#slowCallMs !== Number.POSITIVE_INFINITY;
    this.#signature = Math.floor(this.#random() * 2 ** 52).toString(36);
    const surroundings = { now: this.#now, random: this.#random, sleep: tools.sleep ?? sleep };
    this.#keeper = new StateKeeper({ ...this.#options, ...surroundings }, () => this.#onAdopted());
    this.#permits = {
      settle: (generation, failed, durationMs) => this.#settle(generation, failed || durationMs > this.#slowCallMs),
      settleProbe: (owner, epoch, end, durationMs) => this.#settleProbe(owner, epoch, end, durationMs),
    };
    this.#permit = new NormalPermit(this.#permits, 0);
    this.#endings = this.#endingsOf(0);
  }

  state(): BreakerView {
    return this.#keeper.view();
  }

  async acquire(owner = 'worker'): Promise<Permit> {
    if (this.#now() >= this.#keeper.freshUntil) await this.#keeper.refresh();
    if (!this.#keeper.isClosed) {
      const probe = await this.#takeProbe(owner);
      if (probe) return probe;
      // Lost to another, who may have closed it by then.
      if (!this.#keeper.isClosed) throw this.#refuse();
    }
    return this.#permit;
  }

  execute<T>(call: (signal: AbortSignal | undefined) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { isClosed, freshUntil } = this.#keeper;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (isClosed && (freshUntil === Number.POSITIVE_INFINITY || this.#now() < freshUntil)) {
      return signal || this.#isMeasured ? this.#callClosed(call, signal) : this.#callPlainly(call);
    }
    if (this.#refusal && this.#isSurelyOpen(this.#refusal)) return Promise.reject(this.#refusal);
    return this.#callPermitted(call, signal);
  }

  /** The way of nearly every call: nothing is allocated but one promise. */
  #callPlainly<T>(call: (signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    let work: Promise<T>;
    try {
      work = Promise.resolve(call(undefined));
    } catch (error) {
      work = Promise.reject(error);
    }
    return work.then(this.#endings.onSuccess, this.#endings.onFailure) as Promise<T>;
  }

  async #callClosed<T>(
    call: (signal: AbortSignal | undefined) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { generation } = this.#keeper;
    const startedAt = this.#isMeasured ? this.#now() : 0;
    let value: T;
    try {
      value = await call(signal);
    } catch (error) {
      if (this.#isAgainstUpstream(error, signal)) await this.#settle(generation, true);
      throw error;
    }
    const nowMs = this.#now();
    if (this.#isMeasured && nowMs - startedAt > this.#slowCallMs) await this.#settle(generation, true);
    else if (generation === this.#keeper.generation) this.#window.recordSuccess(nowMs);
    return value;
  }

  async #callPermitted<T>(
    call: (signal: AbortSignal | undefined) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const permit = await this.acquire();
    if (signal?.aborted) {
      await permit.abandon();
      throw signal.reason;
    }
    const startedAt = this.#now();
    const passedMs = () => this.#now() - startedAt;
    let value: T;
    try {
      value = await call(signal);
    } catch (error) {
      await (this.#isAgainstUpstream(error, signal) ? permit.failure(passedMs()) : permit.abandon());
      throw error;
    }
    await permit.success(passedMs());
    return value;
  }

  #isAgainstUpstream(error: unknown, signal: AbortSignal | undefined): boolean {
    return !signal?.aborted && this.#options.isFailure(error);
  }

  /** Whether the refusal still holds, without asking anybody. */
  #isSurelyOpen(refusal: BreakerOpenError): boolean {
    const nowMs = this.#now();
    return nowMs < this.#keeper.freshUntil && nowMs < refusal.retryAt;
  }

  #settle(generation: number, failed: boolean): Promise<void> | void {
    if (generation !== this.#keeper.generation) return;
    const nowMs = this.#now();
    if (!failed) return this.#window.recordSuccess(nowMs);
    this.#window.recordFailure(nowMs);
    const { failures, calls } = this.#window;
    if (failures < this.#options.failures || failures < calls * this.#options.failureRate) return;
    return this.#trip(nowMs);
  }

  async #trip(nowMs: number): Promise<void> {
    const { name } = this.#options;
    const { row } = this.#keeper;
    const openUntil = nowMs + this.#openForMs(1);
    const command = { expectedEpoch: row?.epoch ?? 0, nowMs, openUntil, reason: 'failure-rate' };
    // At once in this process, so that no call slips through while the store is written.
    this.#keeper.adopt(trip(row, name, command));
    await this.#keeper.carryOut({ inStore: (store) => store.trip(name, command), locally: () => undefined });
  }

  /** Milliseconds of the open window after the `openings`-th opening in a row. */
  #openForMs(openings: number): number {
    const { openForMs, maxOpenForMs } = this.#options;
    const ceiling = Math.min(maxOpenForMs, openForMs * 2 ** (openings - 1));
    return openForMs + Math.floor(this.#random() * (ceiling - openForMs));
  }

  async #takeProbe(owner: string): Promise<Permit | undefined> {
    const { name, probeLeaseMs, openForMs, maxSkewMs } = this.#options;
    const { row } = this.#keeper;
    this.#probes += 1;
    const unique = `${owner}#${this.#signature}.${this.#probes}`;
    const epoch = row?.epoch ?? 0;
    // A worker that dies in its probe has made the one call of a window too.
    const leaseMs = Math.max(probeLeaseMs, openForMs);
    const command: TakeProbeCommand = { owner: unique, epoch, nowMs: this.#now(), leaseMs, maxSkewMs };
    // Where the known row already refuses, the store need not be asked.
    const held = takeProbe(row, name, command);
    if (!held) return undefined;
    const take: Command = {
      inStore: (store) => store.takeProbe(name, command),
      locally: (current) => takeProbe(current, name, command),
    };
    if (!(await this.#keeper.carryOut(take, PROBE_TRIES))) return undefined;
    this.#keeper.tell((observer) => observer.onProbe?.());
    return new ProbePermit(this.#permits, unique, held.epoch);
  }

  async #settleProbe(
    owner: string,
    epoch: number,
    end: 'succeeded' | 'failed' | 'released',
    durationMs: number,
  ): Promise<void> {
    const { name } = this.#options;
    const nowMs = this.#now();
    const result = this.#probeResult(durationMs > this.#slowCallMs ? 'failed' : end, nowMs);
    const command = { owner, epoch, nowMs, result };
    const record: Command = {
      inStore: (store) => store.recordProbe(name, command),
      locally: (row) => recordProbe(row, name, command),
    };
    await this.#keeper.carryOut(record, PROBE_TRIES);
  }

  #probeResult(kind: 'succeeded' | 'failed' | 'released', nowMs: number): ProbeResult {
    if (kind === 'succeeded') return { kind, successesToClose: this.#options.successesToClose };
    if (kind === 'released') return { kind, nextProbeAt: nowMs + this.#options.openForMs };
    const openings = (this.#keeper.row?.openings ?? 0) + 1;
    return { kind, openUntil: nowMs + this.#openForMs(openings), reason: 'probe-failed' };
  }

  #onAdopted(): void {
    this.#refusal = undefined;
    if (this.#windowOf === this.#keeper.generation) return;
    this.#windowOf = this.#keeper.generation;
    this.#window.clear();
    this.#permit = new NormalPermit(this.#permits, this.#keeper.generation);
    this.#endings = this.#endingsOf(this.#keeper.generation);
  }

  #endingsOf(generation: number): Endings {
    return {
      onSuccess: (value) => {
        if (generation === this.#keeper.generation) this.#window.recordSuccess(this.#now());
        return value;
      },
      onFailure: async (error) => {
        if (this.#isAgainstUpstream(error, undefined)) await this.#settle(generation, true);
        throw error;
      },
    };
  }

  #refuse(): BreakerOpenError {
    const { name: breaker, cacheMs, openForMs } = this.#options;
    const state = this.#keeper.view();
    const isHeld = state.status === 'open' && state.held;
    const { probeUntil = 0, nextProbeAt = 0 } = this.#keeper.row ?? {};
    const retryAt = state.status === 'open' ? state.openUntil : Math.max(probeUntil, nextProbeAt);
    this.#refusal ??= new BreakerOpenError({ breaker, retryAt, leastMs: isHeld ? openForMs : cacheMs }, this.#now);
    return this.#refusal;
  }
}
