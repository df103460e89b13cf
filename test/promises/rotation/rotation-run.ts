import type { Random } from '../../../lambda/runtime/clock/clock';
import type { RotationDependencies } from '../../../lambda/runtime/rotation/rotate-step';
import { rotateStep } from '../../../lambda/runtime/rotation/rotate-step';
import { parseSecret, serializeSecret } from '../../../lambda/runtime/rotation/secret-value';
import { keyPool } from '../../../lambda/runtime/rotation/strategies/key-pool';
import { sweepKeys } from '../../../lambda/runtime/rotation/sweep-keys';
import { RotationStep } from '../../../lib/contract/rotation';
import { type Fate, MortalProcess } from '../crash/mortal-process';
import { between, seededRandom } from '../fleet/seeded-random';
import { VirtualTime } from '../fleet/virtual-time';
import { CallerModel } from './caller-model';
import { ProviderModel } from './provider-model';
import { type RotationKind, type RotationScene, rotationScene } from './rotation-scene';
import { SECRET_NAME, SecretModel } from './secret-model';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** How often Secrets Manager goes through the steps of one rotation. */
const ATTEMPTS = 5;
/** Milliseconds after which Lambda ends a rotator or a sweeper. */
const TIMEOUT_MS = MINUTE;
/** Share of the abandoned rotations that an operator clears up; the others wait for the sweeper. */
const CLEARED = 0.5;
/** Characters of a rotation's token, as Secrets Manager demands. */
const TOKEN_LENGTH = 36;
/** By then every grace is over, and every rotation that has not ended is given up. */
const CLEAR_UP_MS = 52 * HOUR;

const silent = () => undefined;
const LOG = { debug: silent, info: silent, warn: silent, error: silent };
const LIVES: Fate = { kind: 'lives' };

/** A grace may begin as late as the next rotation that goes well, and a sweep may die. */
const OVERDUE_AFTER_MS = 14 * HOUR;

/** What one run has shown. */
export interface RotationVerdict {
  readonly seed: number;
  readonly jobs: number;
  readonly calls: number;
  /** Jobs that the upstream did not serve. */
  readonly failed: number;
  /** Jobs for which a process had no key that it might use, as Secrets Manager was down. */
  readonly held: number;
  readonly processes: number;
  readonly rotations: number;
  readonly abandoned: number;
  readonly retired: number;
  /** Rotators and sweepers that died. */
  readonly died: number;
  /** Calls with a key that had been ended, those included that it was ended under. */
  readonly retiredKeyCalls: number;
  /** Most of them that one process made by one end of one key. */
  readonly refusedAProcessMost: number;
  readonly renewals: number;
  /** Keys beside the current one that work at the very end, when every grace is over. */
  readonly leaked: number;
  /** Keys that worked, at any time, long after their grace. */
  readonly overdue: number;
  /** Whether the current key works at the very end. */
  readonly currentWorks: boolean;
}

/** A day and a half of rotations by the rotator's, the sweeper's and the processes' own code; one seed, one run. */
export const runRotations = (seed: number, kind: RotationKind): Promise<RotationVerdict> =>
  new RotationRun(rotationScene(seed, kind)).run();

class RotationRun {
  readonly #time = new VirtualTime();
  readonly #random: Random;
  readonly #chance: Random;
  readonly #secret: SecretModel;
  readonly #provider: ProviderModel;
  readonly #callers: readonly CallerModel[];
  #isCalm = false;
  #rotations = 0;
  #begun = 0;
  #abandoned = 0;
  #retired = 0;
  #died = 0;
  readonly #overdue = new Set<string>();

  constructor(readonly scene: RotationScene) {
    const time = this.#time;
    this.#random = seededRandom(scene.seed);
    this.#chance = seededRandom(scene.seed * 5 + 3);
    this.#provider = new ProviderModel(time, scene.poolKeys);
    const [first] = this.#provider.pool;
    if (!first) throw new RangeError('a pool without keys');
    this.#secret = new SecretModel(time, () => this.#isDown, serializeSecret(first));
    const { cacheMs, longestCallMs, graceMs } = scene;
    // As `RotatingSecret` has it, which refuses a grace that is too short.
    const maxStaleMs = Math.max(0, graceMs - cacheMs - longestCallMs);
    const world = { time, random: this.#random, secret: this.#secret, provider: this.#provider };
    this.#callers = Array.from(
      { length: scene.callers },
      (_, index) => new CallerModel({ ...world, cacheMs, maxStaleMs, longestCallMs }, index),
    );
  }

  async run(): Promise<RotationVerdict> {
    const { endsAtMs } = this.scene;
    const isOver = () => this.#time.elapsedMs >= endsAtMs;
    for (const caller of this.#callers) void caller.run(isOver);
    void this.#rotateUntil(isOver);
    void this.#sweepForEver();
    await this.#time.run(endsAtMs);
    this.#isCalm = true;
    await this.#time.run(CLEAR_UP_MS);
    return this.#verdict();
  }

  get #isDown(): boolean {
    const { elapsedMs } = this.#time;
    return !this.#isCalm && this.scene.downTimes.some(([from, to]) => elapsedMs >= from && elapsedMs < to);
  }

  async #rotateUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#time.sleep(between(this.#random, ...this.scene.rotationEveryMs));
      this.#begun += 1;
      const token = String(this.#begun).padStart(TOKEN_LENGTH, '0');
      if (this.#secret.begin(token)) await this.#rotate(token);
      else if (this.#chance() < CLEARED) this.#secret.giveUp();
    }
  }

  /** As Secrets Manager does: all steps, and all of them again with the same token where one fails. */
  async #rotate(token: string): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (await this.#takeSteps(token)) {
        this.#rotations += 1;
        this.#sweepWhenGraceIsOver();
        return;
      }
      await this.#time.sleep(between(this.#random, 10 * SECOND, 10 * MINUTE));
    }
    this.#abandoned += 1;
  }

  async #takeSteps(ClientRequestToken: string): Promise<boolean> {
    for (const Step of Object.values(RotationStep)) {
      const event = { SecretId: SECRET_NAME, ClientRequestToken, Step };
      const isDone = await this.#invoke('rotate', (dependencies) => rotateStep(event, dependencies));
      if (!isDone) return false;
      await this.#time.sleep(between(this.#random, 100, 3 * SECOND));
    }
    return this.#secret.isCurrent(ClientRequestToken);
  }

  /** At the worst time: right when a key may be ended. */
  #sweepWhenGraceIsOver(): void {
    const { graceMs } = this.scene;
    for (const lateMs of [0, between(this.#random, 0, SECOND)]) {
      this.#time.after(graceMs + lateMs, () => void this.#sweep());
    }
  }

  async #sweepForEver(): Promise<void> {
    for (;;) {
      await this.#time.sleep(this.scene.sweepEveryMs);
      await this.#sweep();
      // Now and then two at once, as a schedule delivers an event at least once.
      if (this.#chance() < 0.1) await Promise.all([this.#sweep(), this.#sweep()]);
    }
  }

  async #sweep(): Promise<void> {
    await this.#invoke('sweep', async (dependencies) => {
      const { retired } = await sweepKeys({ ...dependencies, count: silent });
      this.#retired += retired;
    });
    this.#noteOverdue();
  }

  /** Not while a rotation is under way, which may be trying any key. */
  #noteOverdue(): void {
    if (this.#secret.pending) return;
    const current = parseSecret(this.#secret.current).apiKey;
    const until = new Map<string, number>();
    for (const [text, at] of this.#secret.laidDown) {
      const { apiKey } = parseSecret(text);
      until.set(apiKey, Math.max(at, until.get(apiKey) ?? 0));
    }
    const tolerated = this.#time.now() - this.scene.graceMs - OVERDUE_AFTER_MS;
    for (const { apiKey } of this.#provider.working) {
      if (apiKey !== current && (until.get(apiKey) ?? tolerated) < tolerated) this.#overdue.add(apiKey);
    }
  }

  /** One invocation of a function, in a process that may die; answers whether it ended well. */
  async #invoke(role: string, work: (dependencies: RotationDependencies) => Promise<void>): Promise<boolean> {
    const { now, sleep } = this.#time;
    const process = new MortalProcess(role, this.#time, this.#random, () => this.#fate());
    const dependencies: RotationDependencies = {
      versions: this.#secret.asSeenBy(process),
      strategy: keyPool(this.#provider.toolsFor(process)),
      graceMs: this.scene.graceMs,
      log: LOG,
      now,
      sleep,
    };
    const ended = work(dependencies).then(
      () => true,
      () => false,
    );
    const died = process.died.then(() => false);
    const isDone = await Promise.race([ended, died, sleep(TIMEOUT_MS).then(() => false)]);
    if (process.isDead) this.#died += 1;
    process.isDead = true;
    return isDone;
  }

  #fate(): Fate {
    if (this.#isCalm) return LIVES;
    const chance = this.#chance();
    const { deaths, freezes } = this.scene;
    if (chance < deaths) return { kind: 'dies', when: chance < deaths / 2 ? 'before' : 'after' };
    if (chance < deaths + freezes) return { kind: 'freezes', ms: between(this.#chance, SECOND, 2 * TIMEOUT_MS) };
    return LIVES;
  }

  #verdict(): RotationVerdict {
    const { calls, refused, working } = this.#provider;
    const current = parseSecret(this.#secret.current).apiKey;
    const sum = (of: (caller: CallerModel) => number) => this.#callers.reduce((total, caller) => total + of(caller), 0);
    const byProcess = Map.groupBy(refused, ({ caller, apiKey, endings }) => `${caller} ${apiKey} ${endings}`);
    return {
      seed: this.scene.seed,
      jobs: sum(({ jobs }) => jobs),
      calls,
      failed: sum(({ failed }) => failed),
      held: sum(({ held }) => held),
      processes: sum(({ processes }) => processes),
      rotations: this.#rotations,
      abandoned: this.#abandoned,
      retired: this.#retired,
      died: this.#died,
      retiredKeyCalls: refused.length,
      refusedAProcessMost: Math.max(0, ...[...byProcess.values()].map(({ length }) => length)),
      renewals: sum(({ renewals }) => renewals),
      leaked: working.filter(({ apiKey }) => apiKey !== current).length,
      overdue: this.#overdue.size,
      currentWorks: working.some(({ apiKey }) => apiKey === current),
    };
  }
}
