import type { IBreakerStore } from '../runtime/breaker/breaker-store';
import type { Clock } from '../runtime/clock/clock';
import type { IConsumer } from '../runtime/consumer-control/consumer';
import type { IConsumerHold } from '../runtime/consumer-control/consumer-hold';
import type { IControlQueue } from '../runtime/consumer-control/control-queue';
import type { IProcessor } from '../runtime/consumer-control/processor';
import type { Count, Log } from '../runtime/observability/observability';
import type { IWorkQueue } from '../runtime/work-queue/work-queue';

/** What steering the consumer by its breaker needs of the world. */
export interface ControlDependencies {
  readonly store: Pick<IBreakerStore, 'read'>;
  readonly consumer: IConsumer;
  /** While it stands, nothing is resumed and no probe runs. */
  readonly hold: Pick<IConsumerHold, 'read'>;
  readonly controlQueue: Pick<IControlQueue, 'send'>;
  readonly workQueue: Pick<IWorkQueue, 'receiveOne' | 'delete'>;
  readonly processor: IProcessor;
  readonly count: Count;
  readonly log: Log;
  readonly now: Clock;
  /** Most concurrent processors when nothing is wrong. */
  readonly maxConcurrency: number;
  /** Seconds between two steps of a resumed consumer. */
  readonly stepSeconds: number;
}
