import type { IBreakerStore } from '../runtime/breaker/breaker-store';
import type { Clock } from '../runtime/clock/clock';
import type { IConsumer } from '../runtime/consumer-control/consumer';
import type { IConsumerHold } from '../runtime/consumer-control/consumer-hold';
import type { IControlQueue } from '../runtime/consumer-control/control-queue';
import type { IDueJobs } from '../runtime/jobs/due-jobs';
import type { Count, GaugeSeconds, Log } from '../runtime/observability/observability';
import type { ISpendLedger } from '../runtime/spend/ledger';
import type { IWorkQueue } from '../runtime/work-queue/work-queue';

/** What a sweep needs of the world. */
export interface SweepDependencies {
  readonly store: Pick<IBreakerStore, 'read'>;
  readonly dueJobs: IDueJobs;
  readonly workQueue: Pick<IWorkQueue, 'send' | 'depth'>;
  readonly ledger: Pick<ISpendLedger, 'expire'>;
  /** Whether a job may still make a paid call. */
  readonly isJobAlive: (jobId: string) => Promise<boolean>;
  readonly deadLetterQueue: Pick<IWorkQueue, 'send'>;
  readonly consumer: Pick<IConsumer, 'read'>;
  readonly hold: Pick<IConsumerHold, 'read'>;
  readonly controlQueue: Pick<IControlQueue, 'send'>;
  readonly count: Count;
  readonly gaugeSeconds: GaugeSeconds;
  readonly log: Log;
  readonly now: Clock;
  /** Milliseconds that a job may wait in the queue before it is sent again. */
  readonly stuckAfterMs: number;
  /** Milliseconds that the work queue keeps a message. */
  readonly queueRetentionMs: number;
  /** Most concurrent processors when nothing is wrong. */
  readonly maxConcurrency: number;
  /** Seconds between two steps of a resumed consumer. */
  readonly stepSeconds: number;
}
