import type { PaidCall } from './faulty-upstream';

/** Why a job was paid for once more: what became of a paid call that is not the job's result. */
const CAUSES = {
  /** The connection broke in the answer, the answer was no completion, or it did not come in time. */
  paidAgainByUpstream: ({ treatment }: PaidCall) => treatment !== 'serves',
  /** The process died with the answer on its way, in its hands, or half recorded. */
  paidAgainByCrash: ({ process }: PaidCall) => process.isDead,
  /** The process stood still for longer than its lease, and another worker had taken the job over. */
  paidAgainByFreeze: ({ process }: PaidCall) => process.wasFrozen,
} as const;

/** Paid calls beyond one a job, by their cause. */
export function paidBeyondOne(calls: readonly PaidCall[]): Record<string, number> {
  const byJob = Map.groupBy(calls, ({ job }) => job);
  const counts: Record<string, number> = {
    paidBeyondOne: 0,
    ...Object.fromEntries(Object.keys(CAUSES).map((cause) => [cause, 0])),
    paidAgainUnexplained: 0,
  };
  for (const paid of byJob.values()) {
    // Where no call is the result, the last one stands for it: the job ended otherwise.
    const counted = paid.find(({ isRecorded }) => isRecorded) ?? paid.at(-1);
    for (const call of paid) {
      if (call === counted) continue;
      const cause = Object.entries(CAUSES).find(([, explains]) => explains(call))?.[0] ?? 'paidAgainUnexplained';
      counts[cause] = (counts[cause] ?? 0) + 1;
      counts.paidBeyondOne = (counts.paidBeyondOne ?? 0) + 1;
    }
  }
  return counts;
}
