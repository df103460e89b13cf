import type { BeginOutcome, ReserveOutcome } from '../../../lambda/runtime/spend/ledger';
import { reservationKey } from '../../../lib/contract/ledger';
import { UPSTREAM_STEP } from '../crash/mortal-process';
import { between, exponential } from '../fleet/seeded-random';
import type { Invocation, RealCall, SpendWorld } from './spend-world';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Times that a client sends its request, a queue its message, and a worker its call. */
const SUBMITS = 4;
const RECEIVES = 4;
const CALLS = 3;
/** Longest that a message of a settlement is under way. */
const LATE_MS = 10 * MINUTE;
const DAY_SECONDS = 86_400;

/** How the provider ends a call. */
type End = 'served' | 'refused' | 'lost';

/** Thrown where a step of the job's own life goes wrong, so that it is received again. */
class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/** One job from its submission to its end, through processes that die. */
export class JobLife {
  readonly id: string;
  readonly clientId: string;
  readonly estimate: number;
  readonly calls: RealCall[] = [];
  /** Whether it may still run, as its row says. */
  isAlive = true;
  /** Whether its client was told that it is accepted. */
  isAccepted = false;
  outcome: string | undefined;
  /** Whether a reservation was missing that had been made. */
  isMissed = false;
  #receives = 0;
  readonly #late: Promise<void>[] = [];

  constructor(
    readonly run: SpendWorld,
    readonly index: number,
  ) {
    const { random, scene } = run;
    this.id = String(index);
    this.clientId = `client-${Math.floor(random() * scene.clients)}`;
    this.estimate = Math.round(between(random, ...scene.estimates));
  }

  async live(): Promise<void> {
    await this.#submit();
    if (!this.run.written.has(this.id)) {
      this.isAlive = false;
      return;
    }
    const { random, time } = this.run;
    await time.sleep(exponential(random, 2 * SECOND));
    await this.#process();
    if (random() > 0.1) return;
    // A redrive by hand, perhaps long after the reservation was closed.
    await time.sleep(exponential(random, 3 * MINUTE));
    await this.#process();
  }

  /** Waits for what is under way. */
  async finish(): Promise<void> {
    this.isAlive = false;
    while (this.#late.length > 0) await this.#late.pop();
  }

  async #submit(): Promise<void> {
    const { run } = this;
    // Now and then a client asks twice at once.
    if (run.random() < 0.05) void run.invoke('submit', (invocation) => this.#reserve(invocation));
    for (let attempt = 1; attempt <= SUBMITS; attempt += 1) {
      const result = await run.invoke('submit', (invocation) => this.#reserve(invocation));
      if (result) {
        this.outcome = result.value.kind;
        this.isAccepted = result.value.kind === 'reserved' || result.value.kind === 'exists';
        return;
      }
      await run.time.sleep(exponential(run.random, SECOND));
    }
  }

  async #reserve({ ledger, now }: Invocation): Promise<ReserveOutcome> {
    const { id, clientId, estimate, run } = this;
    const nowMs = now();
    run.operations += 1;
    const watch = run.judge.watch(id, clientId, new Date(nowMs).toISOString().slice(0, 10), estimate);
    const job = { check: () => !run.written.has(id), apply: () => void run.written.add(id) };
    const keepUntil = Math.round(nowMs / 1_000) + DAY_SECONDS;
    const request = { id, clientId, clientCaps: run.clientCaps, estimate, nowMs, keepUntil, alongside: [job] };
    const outcome = await ledger.reserve(request);
    run.judge.end(id, watch, outcome);
    return outcome;
  }

  async #process(): Promise<void> {
    const { run } = this;
    this.isAlive = true;
    for (let receive = 1; receive <= RECEIVES; receive += 1) {
      this.#receives += 1;
      const fence = this.#receives;
      const result = await run.invoke('process', (invocation) => this.#work(invocation, fence));
      if (result) break;
      await run.time.sleep(exponential(run.random, 30 * SECOND));
    }
    this.isAlive = false;
    // What has ended gives back what it holds; where that fails, the sweeper does.
    run.operations += 1;
    await run.invoke('close', ({ ledger }) => ledger.close(this.id));
  }

  /** One receive. Throws where the message is to come again. */
  async #work(invocation: Invocation, fence: number): Promise<void> {
    const { random } = this.run;
    for (let attempt = 1; attempt <= CALLS; attempt += 1) {
      // Prices change while jobs wait.
      const estimate = random() < 0.2 ? Math.round(this.estimate * between(random, 0.7, 1.4)) : this.estimate;
      const call: RealCall = { id: `${fence}.${attempt}`, estimate, billed: 0, isConfirmed: false };
      this.calls.push(call);
      const outcome = await this.#begin(invocation, call);
      if (outcome.kind === 'cut') throw new StepFailed('held back');
      if (outcome.kind === 'missing' || outcome.kind === 'ended') this.isMissed = true;
      if (outcome.kind !== 'begun') return;
      const served = invocation.process.perform(UPSTREAM_STEP, () => this.#serve(call));
      // A connection that breaks, before or after the provider has done its work.
      const end = await served.catch((): End => 'lost');
      if (end === 'lost') {
        if (random() < 0.5) this.#tellLate(call, false);
        continue;
      }
      await this.#settle(invocation, call, end === 'served');
      if (random() < 0.15) this.#tellLate(call, end === 'served');
      if (end === 'served') return;
    }
    throw new StepFailed('not served');
  }

  async #begin({ ledger, now }: Invocation, call: RealCall): Promise<BeginOutcome> {
    const { clientId, id, run } = this;
    const nowMs = now();
    const row = run.cloud.table.rows.get(reservationKey(id));
    const watch = run.judge.watch(id, clientId, new Date(nowMs).toISOString().slice(0, 10), call.estimate, row);
    run.operations += 1;
    try {
      const outcome = await ledger.begin(id, { callId: call.id, estimate: call.estimate, nowMs });
      run.judge.end(id, watch, outcome);
      return outcome;
    } catch (error) {
      run.judge.end(id, watch, { kind: 'failed' });
      // The call is not made, and now and then somebody says so.
      if (run.random() < 0.5) this.#tellLate(call, false);
      throw error;
    }
  }

  #serve(call: RealCall): End {
    const { random } = this.run;
    const chance = random();
    if (chance < 0.15) return 'refused';
    call.billed = Math.round(call.estimate * random());
    if (chance < 0.25) return 'lost';
    // A price book that is wrong by a few percent.
    if (chance < 0.27) call.billed = Math.round(call.estimate * between(random, 1, 1.1));
    return 'served';
  }

  async #settle({ ledger }: Invocation, call: RealCall, close: boolean): Promise<void> {
    call.told = call.billed;
    this.run.operations += 1;
    try {
      await ledger.settle(this.id, { callId: call.id, amount: call.billed, close });
      call.isConfirmed = true;
    } catch (error) {
      this.#tellLate(call, close);
      throw error;
    }
  }

  /** A settlement that comes late, or once more; repeated until it is confirmed. */
  #tellLate(call: RealCall, close: boolean): void {
    const { random, time } = this.run;
    call.told = call.billed;
    const told = time.sleep(between(random, 0, LATE_MS)).then(async () => {
      for (;;) {
        this.run.operations += 1;
        const done = await this.run.invoke('settle', ({ ledger }) =>
          ledger.settle(this.id, { callId: call.id, amount: call.billed, close }),
        );
        if (done) break;
        await time.sleep(exponential(random, 10 * SECOND));
      }
      call.isConfirmed = true;
    });
    this.#late.push(told);
  }
}
