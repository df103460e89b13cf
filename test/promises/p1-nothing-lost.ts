import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetQueueAttributesCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { JobMessage } from '../../lib/contract/messages';
import { JobStatus } from '../../lib/contract/tables';
import { ApiClient, isFinal, type JobView } from '../../local/api-client';
import { countQueue, peekDeadLetters } from '../../local/dead-letters';
import { accessTo } from '../../local/endpoint';
import { UpstreamControl } from '../../local/upstream-control';
import { FAULTS, type Fault, HANG, rightEnd } from './p1-faults';
import { killWorkers } from './processor-workers';
import type { DrillOptions, PromiseDrill } from './promise';

const SMALL_JOBS = 60;
const FULL_JOBS = 600;
const SUBMITTED_AT_ONCE = 10;
/** Just longer than the processor's timeout and lease, so that a killed worker's messages are soon back. */
const VISIBILITY_SECONDS = 27;
const ENDED_WITHIN_MS = 240_000;

interface DrillJob {
  readonly id: string;
  readonly marker: string;
  readonly fault: Fault;
}

/**
 * P1: whatever the upstream, the queue, AWS and the workers do, every accepted job ends, and its result is recorded once:
 * with a crash or a fault of AWS at any step in virtual time, and with killed processes on a local stack.
 */
export const nothingLost: PromiseDrill = {
  promise: 'P1',
  title: 'An accepted job is never lost',
  goal: 'every accepted job ends succeeded, failed where it was refused, and in the dead-letter queue where nothing serves it; each result recorded once',
  // Loaded when it runs: the end-to-end tests run the other part, and cannot load the ES modules of this one.
  simulate: (options) => (require('./p1-crashes') as typeof import('./p1-crashes')).survivesCrashes(options),
  async onStack(options) {
    const drill = new NothingLostDrill(options);
    return drill.withShortVisibility(() => drill.run());
  },
};

class NothingLostDrill {
  readonly #run = `p1-${randomBytes(3).toString('hex')}`;
  readonly #api: ApiClient;
  readonly #upstream: UpstreamControl;
  readonly #queue: SQSClient;

  constructor(private readonly options: DrillOptions) {
    const { apiUrl, client, upstreamUrl, endpoint } = options.addresses;
    this.#api = new ApiClient(apiUrl, client.key);
    this.#upstream = new UpstreamControl(upstreamUrl);
    this.#queue = new SQSClient({ ...accessTo(endpoint) });
  }

  async run() {
    const { tell, full } = this.options;
    const jobs = await this.#submitAll(full ? FULL_JOBS : SMALL_JOBS);
    tell(`${jobs.length} jobs accepted; sending duplicates and killing workers while they run`);
    const [duplicates, killed] = await Promise.all([this.#sendDuplicates(jobs), this.#killWorkers(full ? 10 : 3)]);
    tell(`${duplicates} duplicates sent, ${killed} workers killed; waiting for every job to end`);
    const ended = await this.#untilAllEnded(jobs);
    const deadLetters = new Set(await this.#untilDeadLettersSettle(ended));
    const late = await this.#recordedAgain(ended);
    return this.#judge(jobs, ended, deadLetters, {
      duplicates: duplicates + late.duplicates,
      killed,
      twice: late.twice,
    });
  }

  /** Runs with a visibility timeout that fits a drill of a minute, and puts the deployed one back. */
  async withShortVisibility<T>(work: () => Promise<T>): Promise<T> {
    const QueueUrl = this.options.addresses.deployment.queueUrl;
    const { Attributes } = await this.#queue.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['VisibilityTimeout'] }),
    );
    const set = (VisibilityTimeout: string) =>
      this.#queue.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout } }));
    await set(String(VISIBILITY_SECONDS));
    try {
      return await work();
    } finally {
      await set(Attributes?.VisibilityTimeout ?? '120');
    }
  }

  async #submitAll(count: number): Promise<DrillJob[]> {
    const jobs: DrillJob[] = [];
    for (let first = 0; first < count; first += SUBMITTED_AT_ONCE) {
      const indices = Array.from({ length: Math.min(SUBMITTED_AT_ONCE, count - first) }, (_, i) => first + i);
      jobs.push(...(await Promise.all(indices.map((index) => this.#submit(index, index === count - 1)))));
    }
    return jobs;
  }

  async #submit(index: number, hangs: boolean): Promise<DrillJob> {
    const fault = hangs ? HANG : (FAULTS[index % FAULTS.length] ?? HANG);
    const marker = `${this.#run}-${index}`;
    const reply = { kind: 'reply', text: `Answer to ${marker}` } as const;
    const steps = fault.steps.map((step) => (step.kind === 'reply' ? { ...step, text: reply.text } : step));
    await this.#upstream.script(marker, steps, fault.otherwise ?? reply);
    return { id: await this.#api.accept(`Question. [[${marker}]]`), marker, fault };
  }

  /** Sends the message of every second job once more, as an at-least-once queue may. */
  async #sendDuplicates(jobs: readonly DrillJob[]): Promise<number> {
    const chosen = jobs.filter((_, index) => index % 2 === 0);
    for (const job of chosen) await this.#sendAgain(job.id);
    return chosen.length;
  }

  async #sendAgain(jobId: string): Promise<void> {
    const { deployment, client } = this.options.addresses;
    const message: JobMessage = { jobId, correlationId: `${this.#run}-duplicate` };
    const MessageBody = JSON.stringify(message);
    await this.#queue.send(
      new SendMessageCommand({ QueueUrl: deployment.queueUrl, MessageBody, MessageGroupId: client.clientId }),
    );
  }

  async #killWorkers(times: number): Promise<number> {
    const { emulatorPid } = this.options.addresses;
    if (emulatorPid === undefined) return 0;
    let killed = 0;
    for (let time = 0; time < times; time += 1) {
      await sleep(1_500);
      killed += await killWorkers(emulatorPid, 'ProcessJob');
    }
    return killed;
  }

  /** The jobs as they are once each has ended, or as they were when the time was up. */
  async #untilAllEnded(jobs: readonly DrillJob[]): Promise<Map<DrillJob, JobView>> {
    const deadline = performance.now() + ENDED_WITHIN_MS * (this.options.full ? 5 : 1);
    const views = new Map<DrillJob, JobView>();
    for (const job of jobs) {
      let view = await this.#api.read(job.id);
      while (!isFinal(view) && performance.now() < deadline && !(await this.#isDeadLettered(job))) {
        this.options.signal?.throwIfAborted();
        // A service in use: poison that fails where nobody else is served could be an outage's.
        await this.#api.accept('One more.');
        await sleep(2_000);
        view = await this.#api.read(job.id);
      }
      views.set(job, view);
    }
    return views;
  }

  /** A worker that is killed on the last receive cannot write so: then the queue alone knows where the job ended. */
  async #isDeadLettered({ id }: DrillJob): Promise<boolean> {
    return (await peekDeadLetters(this.options.addresses)).includes(id);
  }

  async #untilDeadLettersSettle(ended: ReadonlyMap<DrillJob, JobView>): Promise<string[]> {
    const expected = [...ended.values()].filter(({ status }) => status === JobStatus.DEAD_LETTERED);
    let found: string[] = [];
    for (let attempt = 0; attempt < 20; attempt += 1) {
      found = await peekDeadLetters(this.options.addresses);
      if (expected.every(({ id }) => found.includes(id))) return found;
      await sleep(1_000);
    }
    return found;
  }

  /** Sends the message of every succeeded job again: the record of its result, and the upstream, must not notice. */
  async #recordedAgain(ended: ReadonlyMap<DrillJob, JobView>): Promise<{ duplicates: number; twice: number }> {
    const succeeded = [...ended].filter(([, { status }]) => status === JobStatus.SUCCEEDED);
    const paidBefore = (await this.#upstream.calls()).markers;
    for (const [{ id }] of succeeded) await this.#sendAgain(id);
    const { deployment } = this.options.addresses;
    const deadline = performance.now() + ENDED_WITHIN_MS;
    while ((await countQueue(this.options.addresses, deployment.queueUrl)) > 0) {
      if (performance.now() > deadline) throw new Error('the duplicates were not taken from the queue in time');
      this.options.signal?.throwIfAborted();
      await sleep(500);
    }
    const paidAfter = (await this.#upstream.calls()).markers;
    let twice = 0;
    for (const [{ id, marker }, view] of succeeded) {
      const isSame = JSON.stringify(await this.#api.read(id)) === JSON.stringify(view);
      if (!isSame || paidAfter[marker]?.paid !== paidBefore[marker]?.paid) twice += 1;
    }
    return { duplicates: succeeded.length, twice };
  }

  #judge(
    jobs: readonly DrillJob[],
    ended: ReadonlyMap<DrillJob, JobView>,
    deadLetters: ReadonlySet<string>,
    { duplicates, killed, twice }: { duplicates: number; killed: number; twice: number },
  ) {
    const views = [...ended].map(([job, view]) => ({ ...view, marker: job.marker }));
    const succeeded = views.filter(({ status }) => status === JobStatus.SUCCEEDED);
    const failed = views.filter(({ status, failure }) => status === JobStatus.FAILED && failure);
    const deadLettered = views.filter(({ id, status }) => status !== JobStatus.SUCCEEDED && deadLetters.has(id));
    const ends = new Map([
      ...succeeded.map(({ id }) => [id, 'succeeded'] as const),
      ...failed.map(({ id }) => [id, 'failed'] as const),
      ...deadLettered.map(({ id }) => [id, 'dead-lettered'] as const),
    ]);
    const endedWrongly = jobs.filter(({ id, fault }) => ends.get(id) !== rightEnd(fault)).length;
    const wrongResults = succeeded.filter(
      ({ completion, marker }) => completion?.text !== `Answer to ${marker}`,
    ).length;
    const measured = {
      accepted: jobs.length,
      succeeded: succeeded.length,
      failed: failed.length,
      deadLettered: deadLettered.length,
      lost: jobs.length - ends.size,
      endedWrongly,
      wrongResults,
      recordedTwice: twice,
      duplicatesSent: duplicates,
      workersKilled: killed,
    };
    // A drill that broke nothing has shown nothing.
    const wasBroken = duplicates > 0 && (killed > 0 || this.options.addresses.emulatorPid === undefined);
    return { measured, holds: wasBroken && endedWrongly + wrongResults + twice === 0 };
  }
}
