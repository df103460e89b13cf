import { answerRequest, type OperatorRequest } from '../../../lambda/control-spend/answer-request';
import type { SpendControlDependencies } from '../../../lambda/control-spend/dependencies';
import type { SpendWarning } from '../../../lambda/control-spend/spend-warnings';
import { watchSpending } from '../../../lambda/control-spend/watch-spending';
import type { OwnAct } from '../../../lambda/runtime/audit/audit-trail';
import { MemoryBreakerStore } from '../../../lambda/runtime/breaker/memory-breaker-store';
import { ConsumerBusyError, type ConsumerState } from '../../../lambda/runtime/consumer-control/consumer';
import { HoldChangedError } from '../../../lambda/runtime/consumer-control/consumer-hold';
import type { ILedgerStore } from '../../../lambda/runtime/spend/ledger-store';
import { MemoryLedgerStore, type MemoryWrite } from '../../../lambda/runtime/spend/memory-ledger-store';
import { SpendControl } from '../../../lambda/runtime/spend/spend-control';
import { SpendLedger } from '../../../lambda/runtime/spend/spend-ledger';
import { reminderFor } from '../../../lambda/sweep-leases/heal-control';
import { type HoldRow, isHeld, type PlanThrottle } from '../../../lib/contract/consumer-hold';
import { UPSTREAM_BREAKER } from '../../../lib/contract/control';
import type { ControlMessage } from '../../../lib/contract/messages';
import { type Crash, ProcessDied } from '../doubles/cloud';

export const START = Date.parse('2026-11-22T12:00:00Z');
export const MINUTE_MS = 60_000;
export const USD = 1_000_000;
export const CAPS = { globalDay: 50 * USD, globalMonth: 1_000 * USD };
export const OPERATOR = 'arn:aws:iam::111122223333:user/on-call';

/** As the plans are deployed; the second is a client's that had its own raised by hand. */
export const DEPLOYED: Readonly<Record<string, PlanThrottle>> = {
  plan1: { rateLimit: 10, burstLimit: 20 },
  plan2: { rateLimit: 1, burstLimit: 5 },
};
const SET_BY_HAND: PlanThrottle = { rateLimit: 2.5, burstLimit: 7 };

const SHUT: PlanThrottle = { rateLimit: 0, burstLimit: 0 };
const SHARDS = 2;
const CHEAP = 10n ** 15n;

interface Line {
  readonly level: string;
  readonly text: string;
}

/**
 * The world of `control-spend` in memory, over the real ledger: what it sees of AWS, step by step. Its process can die at
 * any of them; several processes can run in it side by side.
 */
export class SpendWorld {
  nowMs = START;
  readonly rows = new MemoryLedgerStore();
  readonly money = new SpendLedger(this.rows, { shards: SHARDS }, { random: () => 0, sleep: async () => undefined });
  held: HoldRow | undefined;
  consumer: ConsumerState = { isEnabled: true, concurrency: 10 };
  isConsumerBusy = false;
  /** Throttles of the usage plans; undefined of one that has none. */
  readonly plans = new Map<string, PlanThrottle | undefined>([
    ['plan1', DEPLOYED.plan1],
    ['plan2', SET_BY_HAND],
  ]);
  readonly breaker = new MemoryBreakerStore();
  readonly control: ControlMessage[] = [];
  readonly audit = new Map<string, OwnAct>();
  readonly warned = new Map<string, number>();
  readonly metrics: Record<string, number> = {};
  readonly gauges: Record<string, number> = {};
  readonly lines: Line[] = [];
  readonly steps: string[] = [];
  caps: SpendControlDependencies['deployedCaps'] = CAPS;
  /** Runs before each step has its effect; a test may let it throw, or do something else first. */
  before: (step: string) => Promise<void> | void = () => undefined;
  #crash: Crash | undefined;
  #stepsLeft = Number.POSITIVE_INFINITY;
  #isDead = false;
  #jobs = 0;

  crash(crash: Crash): void {
    this.#crash = crash;
    this.#stepsLeft = crash.atStep;
  }

  revive(): boolean {
    const hadDied = this.#isDead;
    this.#isDead = false;
    this.#crash = undefined;
    return hadDied;
  }

  readonly perform = async <T>(name: string, work: () => Promise<T> | T): Promise<T> => {
    if (this.#isDead) throw new ProcessDied();
    await this.before(name);
    this.steps.push(name);
    this.#stepsLeft -= 1;
    const dies = this.#crash !== undefined && this.#stepsLeft === 0;
    if (dies) this.#isDead = true;
    if (dies && this.#crash?.when === 'before') throw new ProcessDied();
    const result = await work();
    if (dies) throw new ProcessDied();
    return result;
  };

  /** The dependencies of one process. */
  get dependencies(): SpendControlDependencies {
    const log =
      (level: string): SpendControlDependencies['log']['warn'] =>
      (...[text]) =>
        void this.lines.push({ level, text: String(text) });
    return {
      ledger: new SpendControl(
        this.#ledgerStore(),
        { shards: SHARDS },
        { random: () => 0, sleep: async () => undefined },
      ),
      clients: this.money,
      hold: {
        read: () => this.perform('read hold', () => this.held),
        replace: (seen, next) =>
          this.perform('replace hold', () => {
            if (this.held?.revision !== seen?.revision) throw new HoldChangedError();
            this.held = next;
          }),
      },
      consumer: {
        read: () => this.perform('read consumer', () => this.consumer),
        pause: () =>
          this.perform('pause', () => {
            if (this.isConsumerBusy) throw new ConsumerBusyError(new Error('in use'));
            this.consumer = { ...this.consumer, isEnabled: false };
          }),
      },
      breaker: { read: (name) => this.perform('read breaker', () => this.breaker.read(name)) },
      controlQueue: { send: (message) => this.perform('send', () => void this.control.push(message)) },
      usagePlans: {
        read: (id) =>
          this.perform('read plan', () => (this.plans.has(id) ? { throttle: this.plans.get(id) } : undefined)),
        throttle: (id, _seen, to) => this.perform('throttle plan', () => void this.plans.set(id, to)),
      },
      warnings: {
        claim: ({ window, cap, level }: SpendWarning) =>
          this.perform('claim', () => {
            const key = `${window}#${cap}`;
            if ((this.warned.get(key) ?? 0) >= level) return false;
            this.warned.set(key, level);
            return true;
          }),
      },
      audit: {
        record: (act) =>
          this.perform('audit', () => {
            const key = `${act.what}#${act.atMs}`;
            if (!this.audit.has(key)) this.audit.set(key, act);
          }),
      },
      prices: { models: new Map([['m', [{ fromMs: 0, costs: costs(1n) }]]]) },
      deployedCaps: this.caps,
      deployedThrottles: DEPLOYED,
      count: (name, value = 1) => {
        if (name === 'SpendCutOff') this.gauges[name] = value;
        else this.metrics[name] = (this.metrics[name] ?? 0) + value;
      },
      gaugePercent: (name, dimension, value, percent) => {
        this.gauges[`${name} ${dimension}=${value}`] = percent;
      },
      log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
      now: () => this.nowMs,
    };
  }

  /** One run of the schedule, a minute after the one before. */
  async run(): Promise<void> {
    this.nowMs += MINUTE_MS;
    await watchSpending(this.dependencies);
  }

  ask(request: OperatorRequest) {
    return answerRequest(request, this.dependencies);
  }

  /** Opens the ledger under the deployed caps, without a step of the process. */
  async open(): Promise<void> {
    await this.plain.syncDeployedCaps(this.caps, this.nowMs);
  }

  /** The ledger's control as somebody else has it, whose steps are not counted. */
  get plain(): SpendControl<MemoryWrite> {
    return new SpendControl(this.rows, { shards: SHARDS });
  }

  /** A job that reserves `estimate`, calls, and has cost so much; it is still under way where that is undefined. */
  async spend(estimate: number, amount?: number): Promise<string> {
    this.#jobs += 1;
    const id = `job-${this.#jobs}`;
    const reserved = await this.money.reserve({
      id,
      clientId: 'abcdefgh12345678',
      clientCaps: {},
      estimate,
      nowMs: this.nowMs,
      keepUntil: this.nowMs / 1_000 + 86_400,
    });
    if (reserved.kind !== 'reserved') throw new Error(`not reserved: ${reserved.kind}`);
    if (amount === undefined) return id;
    await this.money.begin(id, { callId: '1', estimate, nowMs: this.nowMs });
    await this.money.settle(id, { callId: '1', amount, close: true });
    return id;
  }

  /** Whether anybody may reserve the smallest amount. */
  async canSpend(): Promise<boolean> {
    return this.spend(1, 0).then(
      () => true,
      () => false,
    );
  }

  isCutOff(): boolean {
    return (this.rows.rows.get('settings') as { cut?: unknown } | undefined)?.cut !== undefined;
  }

  /** Everything beside the ledger, in one value. */
  around() {
    return {
      held: isHeld(this.held),
      consumes: this.consumer.isEnabled,
      plan1: this.plans.get('plan1'),
      plan2: this.plans.get('plan2'),
    };
  }

  /** What the controller does with the messages it has: each is the first step of resuming, unless the consumer is held. */
  followMessages(): void {
    for (const { kind } of this.control.splice(0)) {
      if (kind === 'resume' && !isHeld(this.held)) this.consumer = { isEnabled: true, concurrency: 2 };
    }
  }

  /** Some minutes in which nothing happens but what runs by itself: the schedule, the controller and the sweeper. */
  async settle(): Promise<void> {
    for (let minute = 0; minute < 4; minute += 1) {
      await this.run();
      this.followMessages();
      const { held: hold, consumer, nowMs } = this;
      const facts = { breaker: UPSTREAM_BREAKER, row: undefined, hold, consumer, nowMs };
      const reminder = reminderFor({ ...facts, maxConcurrency: 2, stepSeconds: 30 });
      if (reminder) this.control.push(reminder);
    }
    this.followMessages();
  }

  #ledgerStore(): ILedgerStore<MemoryWrite> {
    const { rows } = this;
    return {
      read: (keys) => this.perform('read ledger', () => rows.read(keys)),
      snapshot: (keys) => this.perform('read ledger', () => rows.snapshot(keys)),
      commit: (writes, alongside) => this.perform('write ledger', () => rows.commit(writes, alongside)),
      listEnded: (...args) => rows.listEnded(...args),
    };
  }
}

const costs = (dollars: bigint) => ({
  input: dollars * CHEAP,
  output: dollars * CHEAP,
  cacheRead: dollars * CHEAP,
  cacheWrite: dollars * CHEAP,
});

export const OPEN = { held: false, consumes: true, plan1: DEPLOYED.plan1, plan2: SET_BY_HAND };
export const CUT_OFF = { held: true, consumes: false, plan1: SHUT, plan2: SHUT };
