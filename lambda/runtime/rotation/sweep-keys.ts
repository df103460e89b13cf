import type { SweepAnswer, SweepRequest } from '../../../lib/contract/key-sweep';
import { MetricName } from '../../../lib/contract/metrics';
import { SecretStage } from '../../../lib/contract/rotation';
import type { Count, Log } from '../observability/observability';
import { type GraceOptions, pendingVersion, readKnownValues, versionWith } from './known-values';
import type { IRotationStrategy } from './rotation-strategy';
import type { ISecretVersions, SecretVersion } from './secret-versions';

/** What a sweep needs of the world. */
export interface KeySweepDependencies extends Omit<GraceOptions, 'revoke'> {
  readonly versions: ISecretVersions;
  readonly strategy: IRotationStrategy;
  readonly count: Count;
  readonly log: Log;
}

const DAY_MS = 86_400_000;

/** Milliseconds after which a rotation that has not ended is given up: no rotation window is longer. */
const STUCK_AFTER_MS = DAY_MS;

/** Secrets Manager begins no rotation while one seems to be under way. */
const freeStuckRotation = async (
  all: readonly SecretVersion[],
  { versions, now, log }: KeySweepDependencies,
): Promise<void> => {
  const pending = pendingVersion(all);
  if (!pending || now() - pending.createdAt < STUCK_AFTER_MS) return;
  await versions.removePending(pending.versionId);
  log.warn('Gave up a rotation that did not end', { token: pending.versionId });
};

const reportAge = (all: readonly SecretVersion[], { count, now }: KeySweepDependencies): void => {
  const current = versionWith(all, SecretStage.CURRENT);
  if (current) count(MetricName.SECRET_AGE_DAYS, Math.max(0, now() - current.createdAt) / DAY_MS);
};

/**
 * Ends the keys that were replaced and whose grace is over, and what abandoned rotations have left; says how old the
 * current value is. A key is ended late rather than early.
 */
export const sweepKeys = async (
  dependencies: KeySweepDependencies,
  { revoke = false }: SweepRequest = {},
): Promise<SweepAnswer> => {
  const { versions, strategy, graceMs, now, count, log } = dependencies;
  const all = await versions.list();
  reportAge(all, dependencies);
  await freeStuckRotation(all, dependencies);
  const report = await strategy.retire(() => readKnownValues(versions, { graceMs, now, revoke }));
  count(MetricName.KEYS_RETIRED, report.retired);
  if (report.healthy !== undefined) count(MetricName.HEALTHY_POOL_KEYS, report.healthy);
  log.info('Swept keys', { ...report, revoke });
  return report;
};
