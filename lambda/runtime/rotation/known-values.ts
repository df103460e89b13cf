import { SecretStage } from '../../../lib/contract/rotation';
import type { Clock } from '../clock/clock';
import { SecretMalformedError } from '../secrets/errors';
import { type LabelledVersions, pendingVersion, type ReadVersion, replacedAtReader, versionWith } from './replaced-at';
import type { RetireContext } from './rotation-strategy';
import { parseReplaced, parseSecret, type SecretValue } from './secret-value';
import type { ISecretVersions, SecretVersion } from './secret-versions';

/** When a replaced value may be ended. */
export interface GraceOptions {
  /** Milliseconds that a replaced value stays usable. */
  readonly graceMs: number;
  readonly now: Clock;
}

/** What a sweep knows beyond the grace. */
export interface KnownOptions extends GraceOptions {
  /** A value that has leaked and has no grace: that with this id, or the previous one. @default - none has */
  readonly leaked?: { readonly keyId?: string };
  /** Version that is kept as if it were pending still. @default - none */
  readonly keptVersion?: string;
}

/** Whether two values are the same key. */
export const isSameKey = (one: SecretValue, other: SecretValue): boolean =>
  one.apiKey === other.apiKey || (one.keyId !== undefined && one.keyId === other.keyId);

/** Whether a key is among these. */
export const isAmong = (value: SecretValue, values: readonly SecretValue[]): boolean =>
  values.some((other) => isSameKey(value, other));

/**
 * All versions and labels. A label may sit on a version that is not listed, as it has no value yet. Versions first: what
 * is replaced in between is still current then, and the moment of the last change is not too early for any label.
 */
export const readVersions = async (versions: ISecretVersions): Promise<LabelledVersions> => {
  const [listed, description] = [await versions.list(), await versions.describe()];
  const isListed = (id: string) => listed.some(({ versionId }) => versionId === id);
  const unlisted = Object.entries(description.stages)
    .filter(([versionId]) => !isListed(versionId))
    .map(([versionId, stages]) => ({
      versionId,
      stages,
      createdAt: description.changedAt ?? Number.POSITIVE_INFINITY,
    }));
  return { description, all: [...listed, ...unlisted] };
};

const orUndefined = <T>(parse: () => T): T | undefined => {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SecretMalformedError) return undefined;
    throw error;
  }
};

const readVersion = async (versions: ISecretVersions, version: SecretVersion): Promise<ReadVersion> => {
  const text = await versions.read({ versionId: version.versionId });
  if (!text) return { ...version, isEmpty: true };
  const isCurrent = version.stages.includes(SecretStage.CURRENT);
  const value = isCurrent ? parseSecret(text) : orUndefined(() => parseSecret(text));
  const replaces = orUndefined(() => parseReplaced(text));
  return { ...version, isEmpty: false, ...(value && { value }), ...(replaces && { replaces }) };
};

const leakIn = (read: readonly ReadVersion[], { leaked }: KnownOptions): readonly SecretValue[] => {
  if (!leaked) return [];
  const { keyId } = leaked;
  const isLeaked = ({ value, stages }: ReadVersion) =>
    keyId === undefined ? stages.includes(SecretStage.PREVIOUS) : value?.keyId === keyId;
  const values = read.filter(isLeaked).flatMap(({ value }) => value ?? []);
  return values.filter((value, position) => !isAmong(value, values.slice(0, position)));
};

/**
 * Reads every version of the secret, and tells which values may still be in use.
 * @throws SecretMalformedError where the current value is not one: nothing may be ended then.
 */
export const readKnownValues = async (versions: ISecretVersions, options: KnownOptions): Promise<RetireContext> => {
  const { description, all } = await readVersions(versions);
  const read: ReadVersion[] = [];
  for (const version of all) read.push(await readVersion(versions, version));
  const pendingId = pendingVersion(all)?.versionId;
  const isOpen = ({ versionId }: ReadVersion) => versionId === pendingId || versionId === options.keptVersion;
  const leaked = leakIn(read, options);
  const replacedAt = replacedAtReader(description, read);
  const isKept = (version: ReadVersion): boolean => {
    if (version.stages.includes(SecretStage.CURRENT) || isOpen(version)) return true;
    if (version.value && isAmong(version.value, leaked)) return false;
    return options.now() - replacedAt(version) < options.graceMs;
  };
  const keep = read.filter(isKept).flatMap(({ value }) => value ?? []);
  const others = read.filter((version) => !isKept(version)).flatMap(({ value }) => value ?? []);
  const retirable = others.filter(
    (value, position) => !isAmong(value, keep) && !isAmong(value, others.slice(0, position)),
  );
  const openToken = read.find((version) => isOpen(version) && version.isEmpty)?.versionId;
  const current = versionWith(read, SecretStage.CURRENT)?.value;
  return { keep, retirable, leaked, ...(openToken && { openToken }), ...(current && { current }) };
};
