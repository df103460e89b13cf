import { ConsumerModel } from './consumer-model';
import { QueueModel } from './queue-model';
import { between, exponential, seededRandom } from './seeded-random';
import type { OutageKind } from './upstream-answers';
import { OUTAGE_KINDS, type Outage, type SeenCall, UpstreamModel } from './upstream-model';
import { withVirtualGlobals } from './virtual-globals';
import { VirtualTime } from './virtual-time';
import type { Fleet, MakeFleet, OpenWindow } from './world';

const SECOND = 1_000;

/** What a fleet goes through; times are milliseconds, those of one moment since the begin. */
export interface SceneSettings {
  readonly workers: number;
  /** Mean time between two jobs. */
  readonly arrivalMs: number;
  readonly callMs: readonly [least: number, most: number];
  /** The first is the one from which the recovery is taken. */
  readonly outages: readonly [Outage, ...Outage[]];
  /** How the upstream is down, by the order of the outages; `aws`: it is well, and the outage is one of AWS. */
  readonly kinds: readonly OutageKind[] | 'aws';
  /** The jobs that arrive before are judged; those after keep the service in use until the last of the former ended. */
  readonly judgedUntil: number;
  /** Mean time between two jobs that are not judged. */
  readonly fillerMs: number;
  readonly endsAt: number;
  readonly poisonRate: number;
  readonly visibilityMs: number;
  readonly maxReceiveCount: number;
}

/** The busy scene; the seed fills in the rest. */
export const SCENE = {
  workers: 1_000,
  arrivalMs: 200,
  /** A completion of some thousand tokens takes so long. */
  callMs: [15 * SECOND, 35 * SECOND],
  outage: [60 * SECOND, 660 * SECOND],
  flapsFrom: 1_000 * SECOND,
  flapsTo: 1_300 * SECOND,
  judgedUntil: 1_500 * SECOND,
  fillerMs: 500,
  endsAt: 7_200 * SECOND,
  poisonRate: 0.002,
  visibilityMs: 360 * SECOND,
  maxReceiveCount: 5,
} as const;

/** A judged job that has ended, other than in the dead-letter queue or there. */
export interface Ending {
  readonly isPoison: boolean;
  readonly acceptedAtMs: number;
  /** Seen at the next look, which is every ten seconds. */
  readonly endedAtMs: number;
}

/** What one run has shown. */
export interface FleetRun {
  readonly seed: number;
  readonly outages: readonly Outage[];
  readonly jobs: number;
  readonly poison: number;
  readonly calls: readonly SeenCall[];
  readonly openWindows: readonly OpenWindow[] | undefined;
  /** Jobs that an upstream in good health would have served, in the dead-letter queue. */
  readonly deadByOutage: number;
  readonly deadPoison: number;
  /** Jobs that had not ended when the run did. */
  readonly unfinished: number;
  readonly endings: readonly Ending[];
  /** Milliseconds from the end of the first outage to full throughput; undefined for never. */
  readonly recoveryMs: number | undefined;
  readonly figures: Readonly<Record<string, number>>;
}

/** The long outage, and then an upstream that comes and goes. */
const outagesOf = (seed: number): [Outage, ...Outage[]] => {
  const random = seededRandom(seed * 7 + 1);
  const outages: [Outage, ...Outage[]] = [SCENE.outage];
  let at: number = SCENE.flapsFrom;
  while (at < SCENE.flapsTo) {
    const from = at + between(random, 5 * SECOND, 45 * SECOND);
    at = Math.min(SCENE.flapsTo, from + between(random, 5 * SECOND, 45 * SECOND));
    if (from < SCENE.flapsTo) outages.push([from, at]);
  }
  return outages;
};

/** A thousand workers, each of the upstream's usual ways to be down in turn. */
const busyScene = (seed: number): SceneSettings => ({
  ...SCENE,
  outages: outagesOf(seed),
  kinds: OUTAGE_KINDS.map((_, index) => OUTAGE_KINDS[(index + seed) % OUTAGE_KINDS.length] ?? 'errors'),
});

/** One fleet through the busy scene; the same seed and the same kind of fleet give the same run. */
export const runFleet = (makeFleet: MakeFleet, seed: number): Promise<FleetRun> =>
  runScene(makeFleet, seed, busyScene(seed));

/** One fleet through one scene. */
export async function runScene(makeFleet: MakeFleet, seed: number, settings: SceneSettings): Promise<FleetRun> {
  const time = new VirtualTime();
  return withVirtualGlobals(time, () => new Scene(time, makeFleet, seed, settings).run());
}

const LOOK_MS = 10 * SECOND;

const jobIdOf = (body: string): string => (body.startsWith('{') ? String(JSON.parse(body).jobId) : body);

class Scene {
  readonly #random;
  readonly #queue: QueueModel;
  readonly #upstream: UpstreamModel;
  readonly #consumer: ConsumerModel;
  readonly #fleet: Fleet;
  readonly #poison = new Set<string>();
  /** Judged jobs that have not ended, by when they were accepted. */
  readonly #open = new Map<string, number>();
  readonly #endings: Ending[] = [];
  #judged = 0;
  #jobs = 0;
  #recoveryMs: number | undefined;

  constructor(
    readonly time: VirtualTime,
    makeFleet: MakeFleet,
    readonly seed: number,
    readonly settings: SceneSettings,
  ) {
    this.#random = seededRandom(seed);
    const { visibilityMs, maxReceiveCount, workers, outages, kinds, callMs } = settings;
    this.#queue = new QueueModel(time, { visibilityMs, maxReceiveCount });
    const isOfAws = kinds === 'aws';
    const upstreams = isOfAws ? { outages: [], kinds: [], callMs } : { outages, kinds, callMs };
    this.#upstream = new UpstreamModel(time, seededRandom(seed * 3 + 2), upstreams);
    const isAwsDown = () => isOfAws && outages.some(([from, to]) => time.elapsedMs >= from && time.elapsedMs < to);
    const world = { time, random: this.#random, queue: this.#queue, upstream: this.#upstream, isAwsDown };
    const fleet = makeFleet(world);
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
    const { judgedUntil, endsAt } = this.settings;
    while (this.time.elapsedMs < judgedUntil || (this.#open.size > 0 && this.time.elapsedMs < endsAt)) {
      await this.time.run(LOOK_MS);
      this.#look();
    }
    const dead = this.#dead();
    const deadPoison = [...dead].filter((id) => this.#poison.has(id)).length;
    return {
      seed: this.seed,
      outages: this.settings.outages,
      jobs: this.#judged,
      poison: this.#poison.size,
      calls: this.#upstream.calls,
      openWindows: this.#fleet.openWindows?.(),
      deadByOutage: dead.size - deadPoison,
      deadPoison,
      unfinished: this.#open.size,
      endings: this.#endings,
      recoveryMs: this.#recoveryMs,
      figures: { events: this.time.executed, ...this.#fleet.figures?.() },
    };
  }

  /** Takes note of the judged jobs that have ended since the last look. */
  #look(): void {
    const dead = this.#dead();
    for (const [id, acceptedAtMs] of this.#open) {
      if (!this.#fleet.hasEnded(id) && !dead.has(id)) continue;
      this.#open.delete(id);
      this.#endings.push({ isPoison: this.#poison.has(id), acceptedAtMs, endedAtMs: this.time.elapsedMs });
    }
  }

  #dead(): Set<string> {
    return new Set(this.#queue.deadLetters.map(({ body }) => jobIdOf(body)));
  }

  readonly #arrive = (): void => {
    this.#jobs += 1;
    const id = `job-${this.#jobs}`;
    const { judgedUntil, poisonRate, arrivalMs, fillerMs } = this.settings;
    const isJudged = this.time.elapsedMs < judgedUntil;
    const isPoison = isJudged && this.#random() < poisonRate;
    if (isJudged) {
      this.#judged += 1;
      this.#open.set(id, this.time.elapsedMs);
    }
    if (isPoison) this.#poison.add(id);
    this.#fleet.accept({ id, isPoison });
    this.time.after(exponential(this.#random, isJudged ? arrivalMs : fillerMs), this.#arrive);
  };

  /** Full: nearly every worker runs, or next to nothing waits. */
  #lookForFullThroughput(): void {
    const sinceMs = this.time.elapsedMs - this.settings.outages[0][1];
    if (this.#recoveryMs !== undefined || sinceMs < 0) return;
    const { running } = this.#consumer;
    const { workers } = this.settings;
    const waiting = this.#queue.depth - running;
    if (running >= 0.95 * workers || waiting <= 0.01 * workers) this.#recoveryMs = sinceMs;
  }
}
