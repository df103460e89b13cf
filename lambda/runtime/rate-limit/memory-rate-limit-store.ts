import type { LimitRow } from '../../../lib/contract/limits-table';
import { type Admission, admissionHolds, applyAdmission } from './admission';
import type { AdmissionAnswer, IRateLimitStore } from './rate-limit-store';

/** Rows in this process, one for each client for as long as it lives; for tests, and for services of a single process. */
export class MemoryRateLimitStore implements IRateLimitStore {
  readonly #rows = new Map<string, LimitRow>();

  async read(clientId: string): Promise<LimitRow | undefined> {
    return this.#rows.get(clientId);
  }

  async admit(admission: Admission): Promise<AdmissionAnswer> {
    const clientId = admission.kind === 'first' ? admission.row.clientId : admission.clientId;
    const row = this.#rows.get(clientId);
    if (!admissionHolds(admission, row)) return { done: false, row };
    const after = applyAdmission(admission, row);
    this.#rows.set(clientId, after);
    return { done: true, row: after };
  }
}
