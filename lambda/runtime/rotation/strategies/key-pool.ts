import { CredentialRejectedError, PoolExhaustedError } from '../errors';
import { isAmong } from '../known-values';
import type { GenerateContext, IRotationStrategy, RetireContext, RetireReport } from '../rotation-strategy';
import type { SecretValue } from '../secret-value';

/** A key that was made beforehand. */
export type PoolKey = Required<SecretValue>;

export const PoolKeyStatus = { ACTIVE: 'active', INACTIVE: 'inactive', ARCHIVED: 'archived' } as const;

export type PoolKeyStatusValue = (typeof PoolKeyStatus)[keyof typeof PoolKeyStatus];

/** What the provider knows of the keys of an organisation. */
export interface IKeyAdmin {
  /** Statuses by key id, of all keys; one that is not named in `PoolKeyStatus` is of no use. */
  statuses(): Promise<ReadonlyMap<string, string>>;
  setStatus(id: string, status: PoolKeyStatusValue): Promise<void>;
}

export interface KeyPoolTools {
  readonly readPool: () => Promise<readonly PoolKey[]>;
  readonly admin: IKeyAdmin;
  /** Tries a key by a call that costs nothing. @throws CredentialRejectedError where it is refused. */
  readonly verifyKey: (apiKey: string) => Promise<void>;
}

/** The keys after the current one, in the order of the pool and from its beginning again. */
export const othersInRing = (pool: readonly PoolKey[], current: SecretValue | undefined): readonly PoolKey[] => {
  const at = current ? pool.findIndex((key) => isAmong(key, [current])) : -1;
  return [...pool.slice(at + 1), ...pool.slice(0, Math.max(at, 0))];
};

const isUsable = (status: string | undefined): boolean =>
  status === PoolKeyStatus.ACTIVE || status === PoolKeyStatus.INACTIVE;

/** Keys that take turns, since the provider makes none on demand. */
export const keyPool = (tools: KeyPoolTools): IRotationStrategy => {
  const { readPool, admin, verifyKey } = tools;

  /** Whether a key works; one that was inactive and does not work is inactive again afterwards. */
  const tryKey = async ({ keyId, apiKey }: PoolKey, status: string | undefined): Promise<boolean> => {
    if (status === PoolKeyStatus.INACTIVE) await admin.setStatus(keyId, PoolKeyStatus.ACTIVE);
    try {
      await verifyKey(apiKey);
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
    const candidates = othersInRing(pool, current).filter(({ keyId }) => isUsable(statuses.get(keyId)));
    for (const key of candidates) if (await tryKey(key, statuses.get(key.keyId))) return key;
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

/** Which keys of the pool are over, and what becomes of them. */
const endingOf = (
  pool: readonly PoolKey[],
  statuses: ReadonlyMap<string, string>,
  { keep, retirable, openToken, revoke }: RetireContext,
): readonly PoolKey[] => {
  const unused = pool.filter((key) => !isAmong(key, keep));
  if (revoke) return unused.filter((key) => isUsable(statuses.get(key.keyId)) && isAmong(key, retirable));
  // A rotation that has no value yet may be trying any of them.
  return openToken ? [] : unused.filter(({ keyId }) => statuses.get(keyId) === PoolKeyStatus.ACTIVE);
};

const retireFromPool = async (
  { readPool, admin }: KeyPoolTools,
  read: () => Promise<RetireContext>,
): Promise<RetireReport> => {
  const [pool, statuses] = [await readPool(), await admin.statuses()];
  const { revoke, ...known } = await read();
  const ended = endingOf(pool, statuses, { ...known, revoke });
  for (const { keyId } of ended) {
    await admin.setStatus(keyId, revoke ? PoolKeyStatus.ARCHIVED : PoolKeyStatus.INACTIVE);
  }
  const wanted = revoke ? [] : await wantedAgain(ended, read);
  for (const { keyId } of wanted) await admin.setStatus(keyId, PoolKeyStatus.ACTIVE);
  const healthy = pool.filter(({ keyId }) => isUsable(statuses.get(keyId))).length - (revoke ? ended.length : 0);
  return { retired: ended.length - wanted.length, healthy };
};

/** Those that a rotation has made its pending value in the meantime; one that does so later activates it itself. */
const wantedAgain = async (
  ended: readonly PoolKey[],
  read: () => Promise<RetireContext>,
): Promise<readonly PoolKey[]> => {
  if (ended.length === 0) return [];
  const { keep } = await read();
  return ended.filter((key) => isAmong(key, keep));
};
