import type { AuditRecord } from '../../../lib/contract/control';

/** What the service has done by itself. */
export interface OwnAct extends Pick<AuditRecord, 'who' | 'what' | 'on' | 'reason' | 'result'> {
  /** Milliseconds since the epoch; with `what` it names the act, so that one told twice is recorded once. */
  readonly atMs: number;
}

/** Where privileged acts are written down; nothing in it is ever changed. */
export interface IAuditTrail {
  record(act: OwnAct): Promise<void>;
}
