import { LEASE_BUCKET_NAMES } from '../../../lib/contract/ledger';
import type { ExpireReport, ExpireRequest } from './ledger';

/** Reservations of one bucket that one run looks at, unless told otherwise. */
export const DEFAULT_EXPIRE_LIMIT = 25;

export interface ExpireDependencies {
  readonly list: (bucket: string, before: number, limit: number) => Promise<readonly string[]>;
  /** Extends or closes one; answers what its calls are taken to have spent, or undefined where it has moved on. */
  readonly end: (id: string, isAlive: boolean) => Promise<number | undefined>;
}

/** Goes through the reservations whose lease has ended; one that fails does not keep the others. */
export const expireLeases = async (
  { nowMs, limit = DEFAULT_EXPIRE_LIMIT, isAlive = async () => false }: ExpireRequest,
  { list, end }: ExpireDependencies,
): Promise<ExpireReport> => {
  if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`\`limit\` must be an integer >= 1, got: ${limit}`);
  const report = { extended: 0, closed: 0, assumedMicroUsd: 0, failed: 0 };
  for (const bucket of LEASE_BUCKET_NAMES) {
    for (const id of await list(bucket, nowMs, limit)) {
      try {
        const lives = await isAlive(id);
        const assumed = await end(id, lives);
        if (assumed === undefined) continue;
        report[lives ? 'extended' : 'closed'] += 1;
        report.assumedMicroUsd += assumed;
      } catch {
        report.failed += 1;
      }
    }
  }
  return report;
};
