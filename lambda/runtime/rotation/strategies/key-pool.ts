import type { Sleep } from '../../clock/clock';
import { CredentialRejectedError, PoolExhaustedError } from '../errors';
import { isAmong } from '../known-values';
import { verifyPatiently } from '../patience';
import type { GenerateContext, IRotationStrategy, RetireContext, RetireReport } from '../rotation-strategy';
import type { SecretValue } from '../secret-value';
import { unendedOf } from '../unended';

/** A key that was made beforehand. */
export type PoolKey = Required<Pick<SecretValue, 'apiKey' | 'keyId'>>;

/** The keys that take turns, as their secret has them. */
export interface KeyPool {
  readonly keys: readonly PoolKey[];
  /** Version of the pool's secret. @default - its keeper does not say, so that nothing is remembered of its keys */
  readonly version?: string;
}

export const PoolKeyStatus = { ACTIVE: 'active', INACTIVE: 'inactive', ARCHIVED: 'archived' } as const;

export type PoolKeyStatusValue = (typeof PoolKeyStatus)[keyof typeof PoolKeyStatus];

/** What the provider knows of the keys of an organisation. */
export interface IKeyAdmin {
  /** Statuses by key id, of all keys; one that is not named in `PoolKeyStatus` is of no use. */
  statuses(): Promise<ReadonlyMap<string, string>>;
  setStatus(id: string, status: PoolKeyStatusValue): Promise<void>;
}

export interface KeyPoolTools {
  readonly readPool: () => Promise<KeyPool>;
  readonly admin: IKeyAdmin;
  /** Tries a key by a call that costs nothing. @throws CredentialRejectedError where it is refused. */
  readonly verifyKey: (apiKey: string) => Promise<void>;
  /** Waits for the provider to know of a key that was just made active. */
  readonly sleep: Sleep;
  /** Told where no key but the current one works. */
  readonly onExhausted?: () => void;
}

/** The keys after the current one, in the order of the pool and from its beginning again. */
export const othersInRing = (pool: readonly PoolKey[], current: SecretValue | undefined): readonly PoolKey[] => {
  const at = current ? pool.findIndex((key) => isAmong(key, [current])) : -1;
  return [...pool.slice(at + 1), ...pool.slice(0, Math.max(at, 0))];
};

const isUsable = (status: string | undefined): boolean =>
  status === PoolKeyStatus.ACTIVE || status === PoolKeyStatus.INACTIVE;

/** Ids of the keys of this very pool that were refused, as the value in use has them noted. */
const refusedOf = ({ version }: KeyPool, current: SecretValue | undefined): readonly string[] => {
  const { refused } = current ?? {};
  return refused && refused.pool === version ? refused.keyIds : [];
};

/** Those that were refused once come last: the provider may have been wrong, or somebody has mended them there. */
const inOrderOfTrust = (keys: readonly PoolKey[], refused: ReadonlySet<string>): readonly PoolKey[] => [
  ...keys.filter(({ keyId }) => !refused.has(keyId)),
  ...keys.filter(({ keyId }) => refused.has(keyId)),
];

/** A key with a note of the refused ones, for the rotations after this one. */
const withNote = (key: PoolKey, { version: pool }: KeyPool, refused: ReadonlySet<string>): SecretValue =>
  pool !== undefined && refused.size > 0 ? { ...key, refused: { pool, keyIds: [...refused] } } : key;

/** Keys that take turns, since the provider makes none on demand. */
export const keyPool = (tools: KeyPoolTools): IRotationStrategy => {
  const { readPool, admin, verifyKey, sleep } = tools;

  /** Whether a key works; one that was inactive and does not work is inactive again afterwards. */
  const tryKey = async ({ keyId, apiKey }: PoolKey, status: string | undefined): Promise<boolean> => {
    if (status === PoolKeyStatus.INACTIVE) await admin.setStatus(keyId, PoolKeyStatus.ACTIVE);
    try {
      await verifyPatiently(() => verifyKey(apiKey), sleep);
      return true;
    } catch (error) {
      if (status === PoolKeyStatus.INACTIVE) await admin.setStatus(keyId, PoolKeyStatus.INACTIVE);
      if (error instanceof CredentialRejectedError) return false;
      throw error;
    }
  };

  /** Verified before it is stored: a stored value cannot be exchanged for the next key under the same token. */
  const generate = async ({ current }: GenerateContext): Promise<SecretValue> => {
    const [pool, statuses] = [await readPool(), await admin.statuses()];
    const usable = othersInRing(pool.keys, current).filter(({ keyId }) => isUsable(statuses.get(keyId)));
    const refused = new Set(refusedOf(pool, current));
    const candidates = inOrderOfTrust(usable, refused);
    for (const key of candidates) {
      const works = await tryKey(key, statuses.get(key.keyId));
      if (works) refused.delete(key.keyId);
      else refused.add(key.keyId);
      if (works) return withNote(key, pool, refused);
    }
    tools.onExhausted?.();
    throw new PoolExhaustedError(candidates.length);
  };

  const apply = async ({ keyId }: SecretValue): Promise<void> => {
    if (keyId) await admin.setStatus(keyId, PoolKeyStatus.ACTIVE);
  };

  return {
    generate,
    discard: async () => undefined,
    apply,
    verify: ({ apiKey }) => verifyKey(apiKey),
    retire: (read) => retireFromPool(tools, read),
  };
};

/** A key that is to be ended, and how. */
interface Ending {
  readonly key: PoolKey;
  readonly status: PoolKeyStatusValue;
}

/** The provider's id of a value, which the pool may know where the value does not. */
const identified = (value: SecretValue, pool: readonly PoolKey[]): PoolKey | undefined => {
  const keyId = value.keyId ?? pool.find((key) => isAmong(key, [value]))?.keyId;
  return keyId === undefined ? undefined : { keyId, apiKey: value.apiKey };
};

/** Leaked keys for good; idle ones of the pool, and replaced ones that are not in it any more, until their next turn. */
const endingsOf = (
  pool: readonly PoolKey[],
  statuses: ReadonlyMap<string, string>,
  { keep, retirable, leaked, openToken }: RetireContext,
): readonly Ending[] => {
  const old = retirable.flatMap((value) => identified(value, pool) ?? []);
  const known = [...pool, ...old.filter((key) => !isAmong(key, pool))].filter((key) => !isAmong(key, keep));
  return known.flatMap((key) => {
    const status = statuses.get(key.keyId);
    if (isAmong(key, leaked)) return isUsable(status) ? { key, status: PoolKeyStatus.ARCHIVED } : [];
    // A rotation that has no value yet may be trying any of them.
    if (openToken || status !== PoolKeyStatus.ACTIVE) return [];
    return { key, status: PoolKeyStatus.INACTIVE };
  });
};

const retireFromPool = async (
  { readPool, admin, verifyKey }: KeyPoolTools,
  read: () => Promise<RetireContext>,
): Promise<RetireReport> => {
  const [pool, statuses] = [await readPool(), await admin.statuses()];
  const context = await read();
  const endings = endingsOf(pool.keys, statuses, context);
  for (const { key, status } of endings) await admin.setStatus(key.keyId, status);
  const archived = endings.filter(({ status }) => status === PoolKeyStatus.ARCHIVED).map(({ key }) => key);
  const wanted = await wantedAgain(endings, read);
  for (const { keyId } of wanted) await admin.setStatus(keyId, PoolKeyStatus.ACTIVE);
  const refused = refusedOf(pool, context.current);
  const unhealthy = pool.keys.filter(
    (key) => !isUsable(statuses.get(key.keyId)) || isAmong(key, archived) || refused.includes(key.keyId),
  );
  const unsure = context.leaked.filter((value) => !isAmong(value, archived));
  return {
    retired: endings.length - wanted.length,
    healthy: pool.keys.length - unhealthy.length,
    ...(unhealthy.length > 0 && { unhealthy: unhealthy.map(({ keyId }) => keyId) }),
    ...(await unendedOf(unsure, verifyKey)),
  };
};

/** Those that a rotation has made its pending value in the meantime; one that does so later activates it itself. */
const wantedAgain = async (
  endings: readonly Ending[],
  read: () => Promise<RetireContext>,
): Promise<readonly PoolKey[]> => {
  const idle = endings.filter(({ status }) => status === PoolKeyStatus.INACTIVE).map(({ key }) => key);
  if (idle.length === 0) return [];
  const { keep } = await read();
  return idle.filter((key) => isAmong(key, keep));
};
