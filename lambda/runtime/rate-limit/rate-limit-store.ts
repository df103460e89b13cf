import type { LimitRow } from '../../../lib/contract/limits-table';
import type { Admission } from './admission';

/** Whether the write was carried out, and the row as it is after it; where not, as it is instead. */
export interface AdmissionAnswer {
  readonly done: boolean;
  /** @default - there is none */
  readonly row: LimitRow | undefined;
}

/** Where a fleet keeps what its clients have used. A call rejects where the store cannot be reached. */
export interface IRateLimitStore {
  /** The row of a client, by a consistent read. */
  read(clientId: string): Promise<LimitRow | undefined>;
  /** Counts a request by one conditional write, by the rules of `admission.ts`. */
  admit(admission: Admission): Promise<AdmissionAnswer>;
}
