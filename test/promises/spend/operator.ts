import type { CapChange, ISpendControl, SpendStatus } from '../../../lambda/runtime/spend/ledger';
import type { GlobalCaps } from '../../../lib/contract/ledger';
import type { Fate } from '../crash/mortal-process';
import { between, exponential, seededRandom } from '../fleet/seeded-random';
import type { CapRange, JudgedCaps } from './spend-judge';
import type { SpendWorld } from './spend-world';

const SECOND = 1_000;

/** Shares of a control step at which its process dies, and at which the store fails it. */
const DEATHS = 0.01;
const FAULTS = 0.03;
/** Milliseconds of a cut-off. */
const CUT_MS = [5 * SECOND, 120 * SECOND] as const;
/** A cap that an operator sets, as a share of the deployed one. */
const SHARES = [0.2, 1.6] as const;
const UNLIMITED = Number.POSITIVE_INFINITY;

/** Changes the caps and cuts spending off, in processes that die; what was not confirmed is done again. */
export class Operator {
  readonly #random;
  #isBusy: Promise<void> | undefined;
  #isDone = false;

  constructor(readonly world: SpendWorld) {
    this.#random = seededRandom(world.scene.seed * 7 + 1);
  }

  /** Deploys the caps. */
  async open(): Promise<void> {
    const { judge } = this.world;
    judge.setCaps(capsInForce(await this.#insist((control, nowMs) => control.syncDeployedCaps(this.#deployed, nowMs))));
  }

  async run(): Promise<void> {
    const { time, scene } = this.world;
    for (;;) {
      await time.sleep(exponential(this.#random, scene.operatorEveryMs));
      if (this.#isDone) return;
      this.#isBusy = this.#act();
      await this.#isBusy;
    }
  }

  /** Ends what is under way. */
  async finish(): Promise<void> {
    this.#isDone = true;
    await this.#isBusy;
  }

  get #deployed(): GlobalCaps {
    const { globalDay, globalMonth, isDayUncapped } = this.world.scene;
    return { globalMonth, ...(isDayUncapped ? {} : { globalDay }) };
  }

  async #act(): Promise<void> {
    const chance = this.#random();
    if (chance < 0.25) return this.#cutAndRestore();
    const { globalDay, globalMonth } = this.world.scene;
    const share = () => between(this.#random, ...SHARES);
    const change: CapChange = {
      ...(chance < 0.7 ? { globalDay: this.#random() < 0.2 ? 'deployed' : Math.round(globalDay * share()) } : {}),
      ...(chance > 0.5 ? { globalMonth: this.#random() < 0.2 ? 'deployed' : Math.round(globalMonth * share()) } : {}),
    };
    await this.#setCaps(change);
  }

  /** While a change is under way either cap may hold. */
  async #setCaps(change: CapChange): Promise<void> {
    const { judge } = this.world;
    const { day, month } = judge.caps;
    const { globalDay, globalMonth } = this.#deployed;
    judge.setCaps({
      day: widened(day, change.globalDay, globalDay),
      month: widened(month, change.globalMonth, globalMonth),
    });
    judge.setCaps(capsInForce(await this.#insist((control, nowMs) => control.setCaps(change, nowMs))));
  }

  async #cutAndRestore(): Promise<void> {
    const { judge, time } = this.world;
    await this.#insist((control, nowMs) => control.cut({ reason: 'drill', by: 'operator', at: nowMs }));
    judge.setCut(true);
    await time.sleep(between(this.#random, ...CUT_MS));
    judge.setCut(false);
    await this.#insist((control, nowMs) => control.restore(nowMs));
  }

  /** Until somebody was told that it is done; now and then another makes the rest of it. */
  async #insist(act: (control: ISpendControl, nowMs: number) => Promise<SpendStatus>): Promise<SpendStatus> {
    const { time } = this.world;
    for (;;) {
      this.world.operations += 1;
      const done = await this.world.invoke(
        'control',
        ({ control, now }) => act(control, now()),
        () => this.#fate(),
      );
      if (done) return done.value;
      await time.sleep(between(this.#random, 0.1 * SECOND, 20 * SECOND));
      if (this.#random() < 0.3) await this.world.invoke('heal', ({ control, now }) => control.heal(now()));
    }
  }

  #fate(): Fate {
    const chance = this.#random();
    if (chance < DEATHS) return { kind: 'dies', when: chance < DEATHS / 2 ? 'before' : 'after' };
    if (chance < DEATHS + FAULTS) return { kind: 'fails', when: chance < DEATHS + FAULTS / 2 ? 'before' : 'after' };
    return { kind: 'lives' };
  }
}

const widened = ([low, high]: CapRange, cap: number | 'deployed' | undefined, deployed = UNLIMITED): CapRange => {
  const next = cap === 'deployed' ? deployed : cap;
  return next === undefined ? [low, high] : [Math.min(low, next), Math.max(high, next)];
};

const capsInForce = ({ caps: { globalDay = UNLIMITED, globalMonth = UNLIMITED } }: SpendStatus): JudgedCaps => ({
  day: [globalDay, globalDay],
  month: [globalMonth, globalMonth],
});
