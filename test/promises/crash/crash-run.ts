import type { Random } from '../../../lambda/runtime/clock/clock';
import { JobStatus } from '../../../lib/contract/tables';
import { exponential, seededRandom } from '../fleet/seeded-random';
import { VirtualTime } from '../fleet/virtual-time';
import { RelayActor, type Surroundings, SweepActor, submitUntilAccepted, WorkerActor } from './actors';
import { CloudModel } from './cloud-model';
import { FaultyUpstream, type PaidCall, type Treatment } from './faulty-upstream';
import { type DecideFate, MortalProcess } from './mortal-process';

const SECOND = 1_000;
/** Mean time between two jobs that are submitted after those that count. */
const LATER_MS = 1_000;

export interface CrashScene {
  readonly seed: number;
  readonly jobs: number;
  readonly workers: number;
  readonly batchSize: number;
  /** Mean milliseconds between two submissions. */
  readonly arrivalMs: number;
  /** Share of the messages that are delivered twice. */
  readonly duplicates: number;
  readonly endsAfterMs: number;
  readonly treat: (name: string, call: number, random: Random) => Treatment;
  readonly decideFate: (random: Random) => DecideFate;
}

/** How an accepted job ended. */
export type JobEnd = 'succeeded' | 'failed' | 'dead-lettered' | 'lost';

/** What a run has shown. */
export interface CrashRun {
  readonly accepted: number;
  readonly ends: ReadonlyMap<string, JobEnd>;
  /** Jobs whose result was written more than once, or stands beside another end. */
  readonly recordedTwice: number;
  readonly duplicates: number;
  readonly resent: number;
  readonly deaths: Readonly<Record<string, number>>;
  readonly paid: readonly PaidCall[];
  readonly calls: number;
}

/** Runs jobs through submit, relay, process and sweep, by the handlers' own code, while processes die. */
export class CrashWorld {
  readonly #time = new VirtualTime();
  readonly #random: Random;
  readonly #cloud: CloudModel;
  readonly #upstream: FaultyUpstream;
  readonly #surroundings: Surroundings;
  /** Ids of the accepted jobs, by name. */
  readonly #ids = new Map<string, string>();
  /** Of these, those that had not ended when last looked at: a final state is final, but for a redrive. */
  readonly #unended = new Set<string>();
  readonly #deaths: Record<string, number> = {};
  #duplicates = 0;

  constructor(readonly scene: CrashScene) {
    this.#random = seededRandom(scene.seed);
    this.#cloud = new CloudModel(this.#time, this.#random);
    this.#upstream = new FaultyUpstream(this.#time, this.#random, (name, call) =>
      scene.treat(name, call, this.#random),
    );
    const decide = scene.decideFate(seededRandom(scene.seed * 5 + 3));
    this.#surroundings = {
      cloud: this.#cloud,
      upstream: this.#upstream,
      start: (role) => this.#start(role, decide),
    };
    this.#cloud.onResult = (jobId, process) => this.#noteRecorded(jobId, process);
  }

  async run(): Promise<CrashRun> {
    const { jobs, workers, batchSize, endsAfterMs } = this.scene;
    const sweeper = new SweepActor(this.#surroundings, workers);
    // Each runs for as long as the world does.
    void new RelayActor(this.#surroundings).run();
    void sweeper.run();
    for (let index = 0; index < workers; index += 1) {
      void new WorkerActor(this.#surroundings, batchSize, index === 0).run();
    }
    void this.#submitAll();
    do await this.#time.run(10 * SECOND);
    while (this.#time.elapsedMs < endsAfterMs && !(this.#haveAllEnded() && this.#ids.size === jobs));
    const ends = this.#ends();
    return {
      accepted: this.#ids.size,
      ends,
      recordedTwice: [...this.#ids.values()].filter((id) => this.#isRecordedWrongly(id)).length,
      duplicates: this.#duplicates,
      resent: sweeper.resent,
      deaths: this.#deaths,
      paid: this.#upstream.paid.filter(({ job }) => this.#ids.has(job)),
      calls: [...this.#ids.keys()].reduce((sum, name) => sum + this.#upstream.callsFor(name), 0),
    };
  }

  #start(role: string, decide: DecideFate): MortalProcess {
    const process = new MortalProcess(role, this.#time, this.#random, decide);
    void process.died.then(() => {
      this.#deaths[role] = (this.#deaths[role] ?? 0) + 1;
    });
    return process;
  }

  async #submitAll(): Promise<void> {
    const { jobs, arrivalMs, duplicates } = this.scene;
    for (let index = 0; index < jobs; index += 1) {
      const name = `job-${index}`;
      void submitUntilAccepted(name, this.#surroundings).then((id) => {
        this.#ids.set(name, id);
        this.#unended.add(id);
        if (this.#random() < duplicates) this.#sendDuplicate(id);
      });
      await this.#time.sleep(exponential(this.#random, arrivalMs));
    }
    // A service in use: a breaker that poison alone has opened is closed by others.
    for (let index = 0; jobs > 1; index += 1) {
      void submitUntilAccepted(`later-${index}`, this.#surroundings);
      await this.#time.sleep(exponential(this.#random, LATER_MS));
    }
  }

  /** As an at-least-once queue may, at any time of the job's life. */
  #sendDuplicate(jobId: string): void {
    this.#duplicates += 1;
    const body = JSON.stringify({ jobId, correlationId: 'duplicate' });
    this.#time.after(exponential(this.#random, 20 * SECOND), () => this.#cloud.queue.send(body));
  }

  #noteRecorded(jobId: string, process: MortalProcess): void {
    const name = this.#cloud.job(jobId)?.correlationId;
    const call = this.#upstream.paid.findLast(
      (paid) => paid.job === name && paid.process === process && paid.treatment === 'serves',
    );
    if (call) call.isRecorded = true;
  }

  #haveAllEnded(): boolean {
    for (const id of this.#unended) {
      if (isFinal(this.#cloud.job(id)?.status)) this.#unended.delete(id);
    }
    return this.#unended.size === 0;
  }

  #deadLettered(): Set<string> {
    return new Set(this.#cloud.queue.deadLetters.map(({ body }) => String(JSON.parse(body).jobId)));
  }

  #ends(): Map<string, JobEnd> {
    const dead = this.#deadLettered();
    return new Map(
      [...this.#ids].map(([name, id]) => {
        const row = this.#cloud.job(id);
        if (row?.status === JobStatus.SUCCEEDED && this.#cloud.hasResult(id)) return [name, 'succeeded'];
        if (row?.status === JobStatus.FAILED && row.failure) return [name, 'failed'];
        if (row?.status === JobStatus.DEAD_LETTERED || dead.has(id)) return [name, 'dead-lettered'];
        return [name, 'lost'];
      }),
    );
  }

  #isRecordedWrongly(id: string): boolean {
    const isSucceeded = this.#cloud.job(id)?.status === JobStatus.SUCCEEDED;
    return (this.#cloud.results.get(id) ?? 0) !== (isSucceeded ? 1 : 0);
  }
}

const isFinal = (status: unknown): boolean =>
  status === JobStatus.SUCCEEDED || status === JobStatus.FAILED || status === JobStatus.DEAD_LETTERED;
