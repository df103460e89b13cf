import type { PaidCall } from './faulty-upstream';

/** Why a job was paid for once more: what became of a paid call that is not the job's result. */
const CAUSES = [
  /** The connection broke in the answer, the answer was no completion, or it did not come in time. */
  { name: 'paidAgainByUpstream', explains: ({ treatment }: PaidCall) => treatment !== 'serves' },
  /** The process died with the answer on its way, in its hands, or half recorded. */
  { name: 'paidAgainByCrash', explains: ({ process }: PaidCall) => process.isDead },
  /** The process stood still for longer than its lease, and another worker had taken the job over. */
  { name: 'paidAgainByFreeze', explains: ({ process }: PaidCall) => process.wasFrozen },
] as const;

/** Paid calls beyond one a job, by their cause. */
export function paidBeyondOne(calls: readonly PaidCall[]) {
  const byJob = new Map<string, PaidCall[]>();
  for (const call of calls) byJob.set(call.job, [...(byJob.get(call.job) ?? []), call]);
  const counts = {
    paidBeyondOne: 0,
    paidAgainByUpstream: 0,
    paidAgainByCrash: 0,
    paidAgainByFreeze: 0,
    paidAgainUnexplained: 0,
  };
  for (const paid of byJob.values()) {
    // Where no call is the result, the last one stands for it: the job ended otherwise.
    const counted = paid.find(({ isRecorded }) => isRecorded) ?? paid.at(-1);
    for (const call of paid) {
      if (call === counted) continue;
      counts[CAUSES.find(({ explains }) => explains(call))?.name ?? 'paidAgainUnexplained'] += 1;
      counts.paidBeyondOne += 1;
    }
  }
  return counts;
}
