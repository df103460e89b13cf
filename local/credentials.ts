import { randomBytes } from 'node:crypto';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsAccess, Deployment } from '../cli/deployment';
import { ADMIN_SECRET_FIELD, PoolSecretField, RotatedSecretField } from '../lib/contract/rotation';
import { AnthropicKeys } from './doubles/anthropic-keys';

/** Keys of the pool, as many as a real one should have. */
const POOL_KEYS = 4;

/** The keys of one run, made for it and kept nowhere but in the doubles and in the deployed secrets. */
export interface LocalCredentials {
  /** Key of the Admin API's double. */
  readonly adminKey: string;
  /** The pool, in its order; the first one is in use. */
  readonly pool: readonly { readonly id: string; readonly apiKey: string }[];
  /** What the doubles know of the pool: the first key is active, the others wait for their turn. */
  readonly keys: AnthropicKeys;
}

/** Makes an Admin key and a pool of keys. */
export function makeCredentials(): LocalCredentials {
  const keys = new AnthropicKeys();
  const pool = Array.from({ length: POOL_KEYS }, (_, index) => ({
    id: `apikey_local${index + 1}`,
    apiKey: `sk-local-${randomBytes(16).toString('hex')}`,
  }));
  for (const [index, { id, apiKey }] of pool.entries()) keys.add(id, apiKey, index === 0 ? 'active' : 'inactive');
  return { adminKey: `sk-local-admin-${randomBytes(16).toString('hex')}`, pool, keys };
}

/** Puts the keys into the secrets of a deployment, as an operator does after the first deploy. */
export async function seedCredentials(
  { upstreamSecret, rotation }: Deployment,
  { adminKey, pool }: LocalCredentials,
  access: AwsAccess,
): Promise<void> {
  const client = new SecretsManagerClient({ ...access });
  const [first] = pool;
  const { API_KEY, KEY_ID } = RotatedSecretField;
  const keys = pool.map(({ id, apiKey }) => ({ [PoolSecretField.ID]: id, [PoolSecretField.API_KEY]: apiKey }));
  const values: [string | undefined, object][] = [
    [rotation.adminSecret, { [ADMIN_SECRET_FIELD]: adminKey }],
    [rotation.poolSecret, { [PoolSecretField.KEYS]: keys }],
    [upstreamSecret, { [API_KEY]: first?.apiKey, [KEY_ID]: first?.id }],
  ];
  for (const [SecretId, value] of values) {
    if (SecretId) await client.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(value) }));
  }
}
