import { SecretStage } from '../../../lib/contract/rotation';
import type { Clock } from '../clock/clock';
import { SecretMalformedError } from '../secrets/errors';
import type { RetireContext } from './rotation-strategy';
import { parseSecret, type SecretValue } from './secret-value';
import type { ISecretVersions, SecretDescription, SecretVersion } from './secret-versions';

/** When a replaced value may be ended. */
export interface GraceOptions {
  /** Milliseconds that a replaced value stays usable. */
  readonly graceMs: number;
  readonly now: Clock;
  /** Whether replaced values are ended without grace. @default false */
  readonly revoke?: boolean;
}

/** The version with a label, if there is one. */
export const versionWith = (versions: readonly SecretVersion[], stage: string): SecretVersion | undefined =>
  versions.find(({ stages }) => stages.includes(stage));

/** The version of a rotation that has not ended: the one with `AWSPENDING`, unless it is current already. */
export const pendingVersion = (versions: readonly SecretVersion[]): SecretVersion | undefined =>
  versions.find(({ stages }) => stages.includes(SecretStage.PENDING) && !stages.includes(SecretStage.CURRENT));

/** Whether two values are the same key. */
export const isSameKey = (one: SecretValue, other: SecretValue): boolean =>
  one.apiKey === other.apiKey || (one.keyId !== undefined && one.keyId === other.keyId);

/** Whether a key is among these. */
export const isAmong = (value: SecretValue, values: readonly SecretValue[]): boolean =>
  values.some((other) => isSameKey(value, other));

const newestOf = (...times: readonly (number | undefined)[]): number =>
  Math.max(0, ...times.filter((time) => time !== undefined));

/**
 * Whether a version's value may still be in use. Secrets Manager does not say when a version was promoted, so the latest
 * moment at which it can have been counts, and a key may outlive its grace. `AWSPREVIOUS` was replaced when the current
 * version was promoted, which changed the secret; all others were replaced before the newer of these two was made.
 */
const keeperOf = (
  versions: readonly SecretVersion[],
  { changedAt, rotatedAt }: SecretDescription,
  { graceMs, now, revoke = false }: GraceOptions,
) => {
  const current = versionWith(versions, SecretStage.CURRENT);
  const previous = versionWith(versions, SecretStage.PREVIOUS);
  const pending = pendingVersion(versions);
  const isWithinGrace = (replacedAt: number) => !revoke && now() - replacedAt < graceMs;
  const isPreviousKept = isWithinGrace(newestOf(current?.createdAt, changedAt, rotatedAt));
  const areOthersKept = isWithinGrace(newestOf(current?.createdAt, previous?.createdAt));
  return (version: SecretVersion): boolean => {
    if (version === current || version === pending) return true;
    return version === previous ? isPreviousKept : areOthersKept;
  };
};

const parseOther = (text: string): SecretValue[] => {
  try {
    return [parseSecret(text)];
  } catch (error) {
    if (error instanceof SecretMalformedError) return [];
    throw error;
  }
};

/**
 * Reads every version of the secret, and tells which values may still be in use.
 * @throws SecretMalformedError where the current value is not one: nothing may be ended then.
 */
export const readKnownValues = async (versions: ISecretVersions, options: GraceOptions): Promise<RetireContext> => {
  const [description, all] = [await versions.describe(), await versions.list()];
  const isKept = keeperOf(all, description, options);
  const pending = pendingVersion(all);
  const keep: SecretValue[] = [];
  const others: SecretValue[] = [];
  let openToken: string | undefined;
  for (const version of all) {
    const text = await versions.read({ versionId: version.versionId });
    if (!text && version === pending) openToken = version.versionId;
    if (!text) continue;
    const isCurrent = version.stages.includes(SecretStage.CURRENT);
    (isKept(version) ? keep : others).push(...(isCurrent ? [parseSecret(text)] : parseOther(text)));
  }
  const retirable = others.filter(
    (value, position) => !isAmong(value, keep) && !isAmong(value, others.slice(0, position)),
  );
  return { keep, retirable, revoke: options.revoke ?? false, ...(openToken && { openToken }) };
};
