import type { AwsAccess } from '../../cli/deployment';
import { readDeployedStacks } from './deployed-stacks';
import type { EmulatorGap } from './gap';
import { pointInTimeRecovery } from './point-in-time-recovery';
import { requestValidator } from './request-validator';
import { reservedConcurrency } from './reserved-concurrency';
import { tableEncryption } from './table-encryption';
import { timeToLive } from './time-to-live';
import { usageIdentifierKey } from './usage-identifier-key';

/** Every gap of the pinned emulator that the stacks meet. */
export const ALL_GAPS: readonly EmulatorGap[] = [
  timeToLive,
  pointInTimeRecovery,
  tableEncryption,
  reservedConcurrency,
  requestValidator,
  usageIdentifierKey,
];

/** What became of one gap. */
export interface GapReport {
  readonly name: string;
  readonly reason: string;
  /** Resources of the stacks that ask for it. */
  readonly concerned: number;
  /** How many of those were filled here; the emulator has done the others by itself. */
  readonly filled: number;
}

/**
 * Fills every gap of the deployed stacks, after having looked whether the emulator has done it by itself.
 * @param assembly folder of the synthesised cloud assembly that was deployed
 */
export async function fillGaps(
  stackNames: readonly string[],
  assembly: string,
  access: AwsAccess,
  gaps: readonly EmulatorGap[] = ALL_GAPS,
): Promise<GapReport[]> {
  const stacks = await readDeployedStacks(stackNames, assembly, access);
  const reports: GapReport[] = [];
  for (const gap of gaps) {
    let concerned = 0;
    let filled = 0;
    for (const stack of stacks) {
      for (const resource of stack.resources) {
        if (resource.type !== gap.resourceType || !gap.concerns(resource)) continue;
        concerned += 1;
        if (await gap.isClosed(resource, stack, access)) continue;
        await gap.fill(resource, stack, access);
        filled += 1;
      }
    }
    reports.push({ name: gap.name, reason: gap.reason, concerned, filled });
  }
  return reports;
}

/** Gaps that some resource asks for and that the emulator now does for every one of them: they can be deleted. */
export const closedGaps = (reports: readonly GapReport[]): GapReport[] =>
  reports.filter(({ concerned, filled }) => concerned > 0 && filled === 0);
