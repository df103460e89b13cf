import { PoolSecretField } from '../../../lib/contract/rotation';
import { SecretMalformedError } from '../secrets/errors';
import type { PoolKey } from './strategies/key-pool';

/** Visible ASCII: what a header can carry. */
const isUsable = (value: unknown): value is string => typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);

const parseKey = (entry: unknown): PoolKey => {
  const { [PoolSecretField.ID]: keyId, [PoolSecretField.API_KEY]: apiKey } = (entry ?? {}) as Record<string, unknown>;
  if (isUsable(keyId) && isUsable(apiKey)) return { keyId, apiKey };
  throw new SecretMalformedError('A key of the pool has no usable `id` or `apiKey`.');
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // Without the cause: a parser's message quotes what it met.
    throw new SecretMalformedError('The secret of the pool is not JSON.');
  }
};

/**
 * The keys in a pool's secret, in their order.
 * @throws SecretMalformedError where it is not such a secret, or names a key twice; says no part of it.
 */
export const parsePool = (text: string): readonly PoolKey[] => {
  const { [PoolSecretField.KEYS]: entries } = (parseJson(text) ?? {}) as Record<string, unknown>;
  if (!Array.isArray(entries)) throw new SecretMalformedError('The secret of the pool has no list `keys`.');
  const keys = entries.map(parseKey);
  const isRepeated = (key: PoolKey, position: number) =>
    keys.some((other, at) => at < position && (other.keyId === key.keyId || other.apiKey === key.apiKey));
  if (keys.some(isRepeated)) throw new SecretMalformedError('The secret of the pool names a key twice.');
  return keys;
};
