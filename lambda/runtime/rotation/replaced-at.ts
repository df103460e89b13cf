import { SecretStage } from '../../../lib/contract/rotation';
import type { SecretValue } from './secret-value';
import type { SecretDescription, SecretVersion } from './secret-versions';

/** A secret's description, and all of its versions, those without a label included. */
export interface LabelledVersions {
  readonly description: SecretDescription;
  readonly all: readonly SecretVersion[];
}

/** A version and what its text says. */
export interface ReadVersion extends SecretVersion {
  /** @default - there is no text, or none of use */
  readonly value?: SecretValue;
  readonly isEmpty: boolean;
  /** Version that was current when this one was made. @default - nobody noted it */
  readonly replaces?: string;
}

/** The version with a label, if there is one. */
export const versionWith = <V extends SecretVersion>(versions: readonly V[], stage: string): V | undefined =>
  versions.find(({ stages }) => stages.includes(stage));

/** The version of a rotation that has not ended: the one with `AWSPENDING`, unless it is current already. */
export const pendingVersion = <V extends SecretVersion>(versions: readonly V[]): V | undefined =>
  versions.find(({ stages }) => stages.includes(SecretStage.PENDING) && !stages.includes(SecretStage.CURRENT));

const newestOf = (...times: readonly (number | undefined)[]): number =>
  Math.max(0, ...times.filter((time) => time !== undefined));

/**
 * The begin of the first rotation that found another version current, after the last that found this one so: by then its
 * successor had taken over. A version that was made in between and never became current misleads nobody.
 */
const successionOf = ({ versionId, createdAt }: ReadVersion, byAge: readonly ReadVersion[]): number | undefined => {
  const lastInUse = newestOf(createdAt, byAge.findLast(({ replaces }) => replaces === versionId)?.createdAt);
  return byAge.find((later) => later.createdAt > lastInUse && later.replaces && later.replaces !== versionId)
    ?.createdAt;
};

/**
 * Tells the latest moment at which a version that is not current can have been so, in milliseconds since the epoch.
 * Secrets Manager does not say when a version was promoted, so a key may outlive its grace, by up to one rotation.
 */
export const replacedAtReader = (
  { changedAt, rotatedAt }: SecretDescription,
  read: readonly ReadVersion[],
): ((version: ReadVersion) => number) => {
  const current = versionWith(read, SecretStage.CURRENT);
  const previous = versionWith(read, SecretStage.PREVIOUS);
  const byAge = read.toSorted((one, other) => one.createdAt - other.createdAt);
  const lastChange = newestOf(current?.createdAt, changedAt, rotatedAt);
  const lastMade = newestOf(current?.createdAt, previous?.createdAt);
  // No rotation leads back to an older version: somebody moved the label, and may have done so more than once.
  const wasMovedBack = current !== undefined && previous !== undefined && previous.createdAt > current.createdAt;
  return (version) => {
    if (version === previous || wasMovedBack || !current) return lastChange;
    if (version.createdAt <= current.createdAt) return successionOf(version, byAge) ?? lastMade;
    // What is newer than the current version has been current before a way back, or never, after an abandoned rotation.
    return version.replaces === current.versionId ? lastMade : lastChange;
  };
};
