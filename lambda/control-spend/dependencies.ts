import type { PlanThrottle } from '../../lib/contract/consumer-hold';
import type { GlobalCaps } from '../../lib/contract/ledger';
import type { PriceBook } from '../../lib/contract/price-book';
import type { IAuditTrail } from '../runtime/audit/audit-trail';
import type { IBreakerStore } from '../runtime/breaker/breaker-store';
import type { Clock } from '../runtime/clock/clock';
import type { IConsumer } from '../runtime/consumer-control/consumer';
import type { IConsumerHold } from '../runtime/consumer-control/consumer-hold';
import type { IControlQueue } from '../runtime/consumer-control/control-queue';
import type { Count, GaugePercent, Log } from '../runtime/observability/observability';
import type { ISpendControl, ISpendLedger } from '../runtime/spend/ledger';
import type { IUsagePlans } from '../runtime/usage-plans/usage-plans';
import type { ISpendWarnings } from './spend-warnings';

/** What watching the caps, and cutting off at them, needs of the world. */
export interface SpendControlDependencies {
  readonly ledger: ISpendControl;
  readonly clients: Pick<ISpendLedger, 'readClient'>;
  readonly hold: IConsumerHold;
  readonly consumer: Pick<IConsumer, 'read' | 'pause'>;
  readonly breaker: Pick<IBreakerStore, 'read'>;
  readonly controlQueue: Pick<IControlQueue, 'send'>;
  readonly usagePlans: IUsagePlans;
  readonly warnings: ISpendWarnings;
  readonly audit: IAuditTrail;
  readonly prices: PriceBook;
  readonly deployedCaps: GlobalCaps;
  /** Throttles of the usage plans as they were deployed, by their ids. */
  readonly deployedThrottles: Readonly<Record<string, PlanThrottle>>;
  readonly count: Count;
  readonly gaugePercent: GaugePercent;
  readonly log: Log;
  readonly now: Clock;
}
