import { ConsumerModel } from './consumer-model';
import { QueueModel } from './queue-model';
import { between, exponential, seededRandom } from './seeded-random';
import { OUTAGE_KINDS, type Outage, type SeenCall, UpstreamModel } from './upstream-model';
import { withVirtualGlobals } from './virtual-globals';
import { VirtualTime } from './virtual-time';
import type { Fleet, MakeFleet, OpenWindow } from './world';

const SECOND = 1_000;

/** The scene of every run, in milliseconds since its begin; the seed fills in the rest. */
export const SCENE = {
  workers: 1_000,
  /** Mean time between two jobs. */
  arrivalMs: 200,
  /** A completion of some thousand tokens takes so long. */
  callMs: [15 * SECOND, 35 * SECOND],
  outage: [60 * SECOND, 660 * SECOND],
  flapsFrom: 1_000 * SECOND,
  flapsTo: 1_300 * SECOND,
  /** The jobs that arrive before are judged; those after keep the service in use until the last of the former ended. */
  judgedUntil: 1_500 * SECOND,
  fillerMs: 500,
  endsAt: 7_200 * SECOND,
  poisonRate: 0.002,
  visibilityMs: 360 * SECOND,
  maxReceiveCount: 5,
} as const;

/** What one run has shown. */
export interface FleetRun {
  readonly seed: number;
  readonly jobs: number;
  readonly poison: number;
  readonly calls: readonly SeenCall[];
  readonly openWindows: readonly OpenWindow[] | undefined;
  /** Jobs that an upstream in good health would have served, in the dead-letter queue. */
  readonly deadByOutage: number;
  readonly deadPoison: number;
  /** Jobs that had not ended when the run did. */
  readonly unfinished: number;
  /** Milliseconds from the end of the long outage to full throughput; undefined for never. */
  readonly recoveryMs: number | undefined;
  readonly figures: Readonly<Record<string, number>>;
}

/** The long outage, and then an upstream that comes and goes. */
export const outagesOf = (seed: number): Outage[] => {
  const random = seededRandom(seed * 7 + 1);
  const outages: Outage[] = [SCENE.outage];
  let at: number = SCENE.flapsFrom;
  while (at < SCENE.flapsTo) {
    const from = at + between(random, 5 * SECOND, 45 * SECOND);
    at = Math.min(SCENE.flapsTo, from + between(random, 5 * SECOND, 45 * SECOND));
    if (from < SCENE.flapsTo) outages.push([from, at]);
  }
  return outages;
};

/** One fleet through one scene; the same seed and the same kind of fleet give the same run. */
export async function runFleet(makeFleet: MakeFleet, seed: number): Promise<FleetRun> {
  const time = new VirtualTime();
  return withVirtualGlobals(time, () => new Scene(time, makeFleet, seed).run());
}

const jobIdOf = (body: string): string => (body.startsWith('{') ? String(JSON.parse(body).jobId) : body);

class Scene {
  readonly #random;
  readonly #queue: QueueModel;
  readonly #upstream: UpstreamModel;
  readonly #consumer: ConsumerModel;
  readonly #fleet: Fleet;
  readonly #poison = new Set<string>();
  readonly #judged: string[] = [];
  #jobs = 0;
  #recoveryMs: number | undefined;

  constructor(
    readonly time: VirtualTime,
    makeFleet: MakeFleet,
    readonly seed: number,
  ) {
    this.#random = seededRandom(seed);
    const { visibilityMs, maxReceiveCount, workers, callMs } = SCENE;
    this.#queue = new QueueModel(time, { visibilityMs, maxReceiveCount });
    const kinds = OUTAGE_KINDS.map((_, index) => OUTAGE_KINDS[(index + seed) % OUTAGE_KINDS.length] ?? 'errors');
    this.#upstream = new UpstreamModel(time, seededRandom(seed * 3 + 2), { outages: outagesOf(seed), kinds, callMs });
    const fleet = makeFleet({ time, random: this.#random, queue: this.#queue, upstream: this.#upstream });
    this.#fleet = fleet;
    this.#consumer = new ConsumerModel(
      time,
      this.#queue,
      (index) => fleet.makeSandbox(index),
      { workers, maxConcurrency: workers, pollMs: [5, 50], applyMs: [2 * SECOND, 8 * SECOND] },
      this.#random,
    );
    this.#consumer.onChange = () => this.#lookForFullThroughput();
    fleet.start?.(this.#consumer);
  }

  async run(): Promise<FleetRun> {
    this.time.after(0, this.#arrive);
    await this.time.run(SCENE.judgedUntil);
    while (this.#left() > 0 && this.time.elapsedMs < SCENE.endsAt) await this.time.run(10 * SECOND);
    const dead = this.#dead();
    const deadPoison = [...dead].filter((id) => this.#poison.has(id)).length;
    return {
      seed: this.seed,
      jobs: this.#judged.length,
      poison: this.#poison.size,
      calls: this.#upstream.calls,
      openWindows: this.#fleet.openWindows?.(),
      deadByOutage: dead.size - deadPoison,
      deadPoison,
      unfinished: this.#left(),
      recoveryMs: this.#recoveryMs,
      figures: { events: this.time.executed, ...this.#fleet.figures?.() },
    };
  }

  /** Judged jobs that have not ended. */
  #left(): number {
    const dead = this.#dead();
    return this.#judged.filter((id) => !this.#fleet.hasEnded(id) && !dead.has(id)).length;
  }

  #dead(): Set<string> {
    return new Set(this.#queue.deadLetters.map(({ body }) => jobIdOf(body)));
  }

  readonly #arrive = (): void => {
    this.#jobs += 1;
    const id = `job-${this.#jobs}`;
    const isJudged = this.time.elapsedMs < SCENE.judgedUntil;
    const isPoison = isJudged && this.#random() < SCENE.poisonRate;
    if (isJudged) this.#judged.push(id);
    if (isPoison) this.#poison.add(id);
    this.#fleet.accept({ id, isPoison });
    this.time.after(exponential(this.#random, isJudged ? SCENE.arrivalMs : SCENE.fillerMs), this.#arrive);
  };

  /** Full: nearly every worker runs, or next to nothing waits. */
  #lookForFullThroughput(): void {
    const sinceMs = this.time.elapsedMs - SCENE.outage[1];
    if (this.#recoveryMs !== undefined || sinceMs < 0) return;
    const { running } = this.#consumer;
    const waiting = this.#queue.depth - running;
    if (running >= 0.95 * SCENE.workers || waiting <= 0.01 * SCENE.workers) this.#recoveryMs = sinceMs;
  }
}
