import type { IBreaker } from '../runtime/breaker/breaker';
import type { IBreakerStore } from '../runtime/breaker/breaker-store';
import type { Clock, Random } from '../runtime/clock/clock';
import type { IJobStore } from '../runtime/jobs/job-store';
import type { Count, Log } from '../runtime/observability/observability';
import type { RetryPolicy } from '../runtime/retry/retry-policy';
import type { IDataKeys } from '../runtime/sealing/data-keys';
import type { IUpstreamCredential } from '../runtime/secrets/credential';
import type { IWitness } from '../runtime/served/witness';
import type { IWorkQueue } from '../runtime/work-queue/work-queue';
import type { IUpstream } from '../upstream/upstream';
import type { IJobSpending } from './job-spending';
import type { ServedModels } from './served-models';
import type { SlowFailures } from './slow-failures';
import type { Turns } from './turns';

/** What processing a job needs of the world; made once a process. */
export interface ProcessDependencies {
  readonly store: Omit<IJobStore, 'create' | 'readState' | 'readResult' | 'removeExpired'>;
  readonly dataKeys: Pick<IDataKeys, 'unwrap'>;
  readonly queue: Pick<IWorkQueue, 'returnAfter' | 'send'>;
  /** Where the queue moves a message by itself; for a job that is given up before the last receive. */
  readonly deadLetterQueue: Pick<IWorkQueue, 'send'>;
  readonly breaker: Pick<IBreaker, 'acquire' | 'state'>;
  /** The breaker's row, for what must not rest on a cached state or on the breaker's own window. */
  readonly breakerStore: Pick<IBreakerStore, 'read' | 'trip'>;
  /** Milliseconds that the breaker stays open at first. */
  readonly openForMs: number;
  readonly slowFailures: SlowFailures;
  readonly servedModels: ServedModels;
  /** Whom the upstream served last, in the whole fleet. */
  readonly witness: IWitness;
  readonly upstream: IUpstream;
  /** Keeps account of what each call costs. */
  readonly spending: IJobSpending;
  readonly upstreamCredential: Pick<IUpstreamCredential, 'get' | 'renew'>;
  /** How calls of the upstream are retried within one receive. */
  readonly upstreamRetries: RetryPolicy;
  /** How the write of a result is retried. */
  readonly settleRetries: RetryPolicy;
  readonly count: Count;
  readonly now: Clock;
  readonly random: Random;
  /** Milliseconds that a lease lasts; above the function's timeout. */
  readonly leaseMs: number;
  /** The receive after which the queue moves a message to its dead-letter queue. */
  readonly maxReceiveCount: number;
  /** Milliseconds for which a job is sent anew while the upstream fails, counted from its own first failure. */
  readonly patienceMs: number;
}

/** What processing knows of the invocation and the record it is in. */
export interface Invocation {
  /** Names the worker in its leases. */
  readonly owner: string;
  /** Milliseconds since the epoch after which no call or delay may run. */
  readonly deadline: number;
  readonly log: Log;
  /** Turns of the jobs of the batch that workers have died over. */
  readonly turns: Pick<Turns, 'wait'>;
  /** Aborted just before the function times out. */
  readonly signal?: AbortSignal;
}
