import type { ProcessDependencies } from '../../../lambda/process-job/dependencies';
import { LeaseLostError } from '../../../lambda/runtime/jobs/errors';
import { type Job, queuedJob, sealingContextOf } from '../../../lambda/runtime/jobs/job';
import type { Release } from '../../../lambda/runtime/jobs/job-updates';
import { type Lease, type LeaseOutcome, type LeaseRequest, refusalOf } from '../../../lambda/runtime/jobs/lease';
import { type Sealed, seal } from '../../../lambda/runtime/sealing/envelope';
import { JobStatus, type JobStatusValue } from '../../../lib/contract/tables';
import { POISON } from './upstream-model';
import type { VirtualTime } from './virtual-time';
import type { FleetJob } from './world';

const DATA_KEY = { plaintext: new Uint8Array(32).fill(7), wrapped: new Uint8Array(32).fill(8) };
const CLIENT_ID = 'client';

/** The key management service of the model; it fails as the SDK tells of it. */
export const dataKeysOf = (isDown: () => boolean): ProcessDependencies['dataKeys'] => ({
  unwrap: async () => {
    if (isDown()) throw Object.assign(new Error('The service failed.'), { name: 'KMSInternalException' });
    return DATA_KEY.plaintext;
  },
});

/** Requests sealed once and used by every run that has a job of that name: sealing is dear, and no seed's matter. */
const sealedRequests = new Map<string, Sealed>();

const sealedRequestOf = ({ id, isPoison }: FleetJob): Sealed => {
  const key = `${id} ${isPoison}`;
  const known = sealedRequests.get(key);
  if (known) return known;
  const content = isPoison ? POISON : 'ok';
  const submission = { model: 'model', max_tokens: 16, messages: [{ role: 'user', content }] };
  const sealed = seal(JSON.stringify(submission), DATA_KEY, sealingContextOf({ jobId: id, clientId: CLIENT_ID }));
  sealedRequests.set(key, sealed);
  return sealed;
};

type FleetJobStore = ProcessDependencies['store'];

type Row = { -readonly [name in keyof Job]: Job[name] };

/** The jobs table in memory, by the rules of leases and fences that the real one follows. */
export class JobStoreModel implements FleetJobStore {
  /** Results that were to be written a second time. */
  recordedTwice = 0;
  /** Jobs that ended `failed`. */
  failed = 0;
  readonly #rows = new Map<string, Row>();
  readonly #results = new Set<string>();

  constructor(
    readonly time: VirtualTime,
    readonly latencyMs: number,
  ) {}

  add(job: FleetJob): void {
    const row = queuedJob(
      {
        jobId: job.id,
        clientId: CLIENT_ID,
        correlationId: job.id,
        requestHash: '',
        sealedRequest: sealedRequestOf(job),
        model: 'model',
        reservation: { inputTokens: 1, outputTokens: 1 },
        retentionDays: 30,
      },
      this.time.now(),
    );
    this.#rows.set(job.id, { ...row });
  }

  /** Whether the job has succeeded or failed. */
  hasEnded(jobId: string): boolean {
    const status = this.#rows.get(jobId)?.status;
    return status === JobStatus.SUCCEEDED || status === JobStatus.FAILED;
  }

  async lease(request: LeaseRequest): Promise<LeaseOutcome> {
    await this.time.sleep(this.latencyMs);
    const row = this.#rows.get(request.jobId);
    const refusal = refusalOf(row, request);
    if (refusal || !row) return refusal ?? { kind: 'missing' };
    row.status = JobStatus.RUNNING;
    row.fence += 1;
    row.leaseUntil = request.nowMs + request.leaseMs;
    return { kind: 'leased', job: { ...row } };
  }

  async countUpstreamCall(lease: Lease): Promise<void> {
    (await this.#held(lease)).upstreamCalls += 1;
  }

  async succeed(lease: Lease): Promise<void> {
    const row = await this.#held(lease);
    if (this.#results.has(row.jobId)) this.recordedTwice += 1;
    this.#results.add(row.jobId);
    this.#end(row, JobStatus.SUCCEEDED);
  }

  async fail(lease: Lease): Promise<void> {
    this.#end(await this.#held(lease), JobStatus.FAILED);
    this.failed += 1;
  }

  async release(lease: Lease, { failure, failedSince, outage }: Release): Promise<void> {
    const row = await this.#held(lease);
    row.status = JobStatus.QUEUED;
    row.leaseUntil = undefined;
    row.failure = failure ?? row.failure;
    row.failedSince = failedSince;
    row.outage = outage ?? row.outage;
  }

  async deadLetter(lease: Lease): Promise<void> {
    this.#end(await this.#held(lease), JobStatus.DEAD_LETTERED);
  }

  #end(row: Row, status: JobStatusValue): void {
    row.status = status;
    row.leaseUntil = undefined;
    row.failedSince = undefined;
  }

  async #held({ jobId, fence }: Lease): Promise<Row> {
    await this.time.sleep(this.latencyMs);
    const row = this.#rows.get(jobId);
    if (row?.fence !== fence || row.status !== JobStatus.RUNNING) throw new LeaseLostError(jobId, undefined);
    return row;
  }
}
