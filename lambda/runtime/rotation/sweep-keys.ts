import type { SweepAnswer, SweepRequest } from '../../../lib/contract/key-sweep';
import { MetricName } from '../../../lib/contract/metrics';
import { SecretStage } from '../../../lib/contract/rotation';
import type { Count, Log } from '../observability/observability';
import { type GraceOptions, readKnownValues, readVersions } from './known-values';
import { pendingVersion, versionWith } from './replaced-at';
import type { IRotationStrategy } from './rotation-strategy';
import type { ISecretVersions, SecretVersion } from './secret-versions';

/** What a sweep needs of the world. */
export interface KeySweepDependencies extends GraceOptions {
  readonly versions: ISecretVersions;
  readonly strategy: IRotationStrategy;
  readonly count: Count;
  readonly log: Log;
  /** Whether a function of AWS's own rotates: its pending value may be the only one that works. @default false */
  readonly isHosted?: boolean;
}

const DAY_MS = 86_400_000;

/** Milliseconds after which a rotation that has not ended is given up: no rotation window is longer. */
const STUCK_AFTER_MS = DAY_MS;

/** Secrets Manager begins no rotation while one seems to be under way. Answers the version that was given up. */
const freeStuckRotation = async (
  all: readonly SecretVersion[],
  { versions, now, log, isHosted }: KeySweepDependencies,
): Promise<string | undefined> => {
  const pending = pendingVersion(all);
  if (!pending || isHosted || now() - pending.createdAt < STUCK_AFTER_MS) return undefined;
  await versions.removePending(pending.versionId);
  log.warn('Gave up a rotation that did not end', { token: pending.versionId });
  return pending.versionId;
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
  { revoke = false, keyId }: SweepRequest = {},
): Promise<SweepAnswer> => {
  const { versions, strategy, graceMs, now, count, log } = dependencies;
  const { all } = await readVersions(versions);
  reportAge(all, dependencies);
  // Its last step may be under way: what it made is ended by a later sweep at the earliest.
  const keptVersion = await freeStuckRotation(all, dependencies);
  const leaked = revoke ? { leaked: keyId === undefined ? {} : { keyId } } : {};
  const known = { graceMs, now, ...leaked, ...(keptVersion && { keptVersion }) };
  let isLeakKnown = false;
  const ended = await strategy.retire(async () => {
    const context = await readKnownValues(versions, known);
    isLeakKnown = context.leaked.length > 0;
    return context;
  });
  // Nobody looked for a leaked key that the secret does not hold, or whose strategy cannot end one.
  const report = revoke && !isLeakKnown ? { ...ended, unended: 1 } : ended;
  count(MetricName.KEYS_RETIRED, report.retired);
  if (report.healthy !== undefined) count(MetricName.HEALTHY_POOL_KEYS, report.healthy);
  if (report.unended) log.warn('Leaked keys may work still', { unended: report.unended });
  log.info('Swept keys', { ...report, revoke });
  return report;
};
