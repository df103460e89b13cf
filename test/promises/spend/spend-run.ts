import type { Random } from '../../../lambda/runtime/clock/clock';
import type { ClientCaps } from '../../../lambda/runtime/spend/ledger';
import { type Fate, MortalProcess } from '../crash/mortal-process';
import { between, exponential, seededRandom } from '../fleet/seeded-random';
import { VirtualTime } from '../fleet/virtual-time';
import { JobLife } from './job-life';
import { LedgerCloud } from './ledger-cloud';
import type { MakeLedger } from './ledgers';
import { Operator } from './operator';
import { type SpendVerdict, verdictOf } from './spend-books';
import { SpendJudge } from './spend-judge';
import { type SpendScene, spendScene } from './spend-scene';
import type { Invocation, RunBooks, SpendWorld } from './spend-world';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Longer than a sweep is apart, and than a Lambda may run. */
const FREEZE_MS = [5 * SECOND, 15 * MINUTE] as const;
/** Milliseconds after which Lambda ends a process. */
const TIMEOUT_MS = 15 * MINUTE;
const LIVES: Fate = { kind: 'lives' };
const NO_CAPS_YET = { day: [0, 0], month: [0, 0] } as const;

/** Jobs of many clients, by the ledger's own code in processes that die at any step; one seed, one run. */
export const runSpend = (seed: number, jobs: number, make: MakeLedger): Promise<SpendVerdict> =>
  new SpendRun(spendScene(seed, jobs), make).run();

/** The world that the jobs, the sweeper and the operator are in. */
export class SpendRun implements SpendWorld, RunBooks {
  readonly time = new VirtualTime();
  readonly random: Random;
  readonly judge: SpendJudge;
  readonly cloud: LedgerCloud;
  /** Jobs that exist, written alongside their reservation. */
  readonly written = new Set<string>();
  readonly lives: JobLife[] = [];
  isCalm = false;
  operations = 0;
  died = 0;
  busy = 0;
  unavailable = 0;
  readonly #chance: Random;

  constructor(
    readonly scene: SpendScene,
    readonly make: MakeLedger,
  ) {
    this.random = seededRandom(scene.seed);
    this.#chance = seededRandom(scene.seed * 5 + 3);
    const { perDay = Number.POSITIVE_INFINITY, perMonth = Number.POSITIVE_INFINITY } = this.clientCaps;
    this.judge = new SpendJudge({ day: perDay, month: perMonth }, NO_CAPS_YET);
    this.cloud = new LedgerCloud(this.time.now, this.judge.onCommit);
  }

  async run(): Promise<SpendVerdict> {
    const operator = new Operator(this);
    await this.#whileTimePasses(operator.open());
    void operator.run();
    void this.#sweepForEver();
    await this.#whileTimePasses(this.#submitAll());
    await this.#whileTimePasses(this.#calmDown(operator));
    return verdictOf(this);
  }

  get clientCaps(): ClientCaps {
    const { areClientsUncapped, clientDay, clientMonth } = this.scene;
    return areClientsUncapped ? {} : { perDay: clientDay, perMonth: clientMonth };
  }

  /** The right time. */
  readonly now = (): number => this.scene.beginsAt + this.time.elapsedMs;

  /** One invocation of a function, in a process that may die; undefined where it did. */
  async invoke<T>(
    role: string,
    work: (invocation: Invocation) => Promise<T>,
    fate: () => Fate = () => this.#fate(),
  ): Promise<{ readonly value: T } | undefined> {
    const { time, random, scene } = this;
    const process = new MortalProcess(role, time, random, () => (this.isCalm ? LIVES : fate()));
    const skewMs = Math.round(between(random, -scene.skewMs, scene.skewMs));
    const shards = scene.shards[Math.floor(random() * scene.shards.length)] ?? 1;
    const tools = { random, sleep: (ms: number) => time.sleep(ms) };
    const options = { shards, leaseMs: scene.leaseMs };
    const store = this.cloud.asSeenBy(process);
    const invocation = { ...this.make(store, options, tools), now: () => this.now() + skewMs, process };
    const ended = work(invocation).then(
      (value) => ({ value }),
      (error: unknown) => this.#noteError(error),
    );
    const isOver = Promise.race([process.died, time.sleep(TIMEOUT_MS)]).then(() => undefined);
    const result = await Promise.race([ended, isOver]);
    if (process.isDead) this.died += 1;
    return result;
  }

  /** What the tests of a promise must not hide: anything but the ledger's own errors is a fault of the code. */
  #noteError(error: unknown): undefined {
    const { name } = error as Error;
    if (name === 'LedgerBusyError') this.busy += 1;
    else if (name === 'LedgerUnavailableError') this.unavailable += 1;
    else if (name !== 'StepFailed')
      this.time.after(0, () => {
        throw error;
      });
    return undefined;
  }

  async #submitAll(): Promise<void> {
    const { jobs, arrivalMs, burst } = this.scene;
    const lives: Promise<void>[] = [];
    while (this.lives.length < jobs) {
      const together = Math.min(jobs - this.lives.length, 1 + Math.floor(this.random() * burst));
      for (let index = 0; index < together; index += 1) {
        const life = new JobLife(this, this.lives.length);
        this.lives.push(life);
        lives.push(life.live());
      }
      await this.time.sleep(exponential(this.random, arrivalMs));
    }
    await Promise.all(lives);
  }

  async #sweepForEver(): Promise<void> {
    while (!this.isCalm) {
      await this.time.sleep(this.scene.sweepEveryMs);
      await this.sweep();
    }
  }

  async sweep(): Promise<number> {
    const result = await this.invoke('sweep', ({ ledger, now }) => {
      this.operations += 1;
      return ledger.expire({
        nowMs: now(),
        limit: 100,
        isAlive: async (id) => this.lives[Number(id)]?.isAlive ?? false,
      });
    });
    return result?.value.closed ?? 0;
  }

  /** Nobody dies any more: what was sent late arrives, and every lease ends. */
  async #calmDown(operator: Operator): Promise<void> {
    this.isCalm = true;
    await operator.finish();
    await Promise.all(this.lives.map((life) => life.finish()));
    await this.time.sleep(this.scene.leaseMs + 2 * this.scene.skewMs);
    for (let sweeps = 0; sweeps < 40; sweeps += 1) {
      const closed = await this.sweep();
      if (closed === 0 && sweeps > 2) return;
      await this.time.sleep(MINUTE);
    }
  }

  /** Runs the simulation until `work` has ended. */
  async #whileTimePasses(work: Promise<void>): Promise<void> {
    let isOver = false;
    const ended = work.finally(() => {
      isOver = true;
      this.time.stop();
    });
    while (!isOver) await this.time.run(60 * MINUTE);
    await ended;
  }

  #fate(): Fate {
    const chance = this.#chance();
    const { deaths, faults, freezes } = this.scene;
    if (chance < deaths) return { kind: 'dies', when: chance < deaths / 2 ? 'before' : 'after' };
    if (chance < deaths + faults) return { kind: 'fails', when: chance < deaths + faults / 2 ? 'before' : 'after' };
    if (chance < deaths + faults + freezes) return { kind: 'freezes', ms: between(this.#chance, ...FREEZE_MS) };
    return LIVES;
  }
}
