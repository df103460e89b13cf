import { randomBytes } from 'node:crypto';
import { CredentialRejectedError } from '../../../../lambda/runtime/rotation/errors';
import type { IRotationStrategy } from '../../../../lambda/runtime/rotation/rotation-strategy';
import type { SecretValue } from '../../../../lambda/runtime/rotation/secret-value';
import { clientKey } from '../../../../lambda/runtime/rotation/strategies/client-key';
import { keyPool, type PoolKey } from '../../../../lambda/runtime/rotation/strategies/key-pool';
import { openAiAdmin } from '../../../../lambda/runtime/rotation/strategies/open-ai-admin';
import { randomValue } from '../../../../lambda/runtime/rotation/strategies/random-value';
import { CLIENT_KEY_RANDOM_BYTES, hashClientKey, makeClientKey } from '../../../../lib/contract/client-keys';
import { RotationStrategyName } from '../../../../lib/contract/rotation';
import { MortalCalls, newToken } from './mortal-calls';

/** The secret whose keys are rotated. */
export const ARN = 'arn:aws:secretsmanager:eu-central-1:000000000000:secret:upstream-AbCdEf';
export const STRATEGIES = Object.values(RotationStrategyName).filter((kind) => kind !== RotationStrategyName.HOSTED);
export type Rotated = (typeof STRATEGIES)[number];

const CLIENT = 'abcdefgh12345678';

/** The providers of every strategy in memory. */
export class ProviderWorld extends MortalCalls {
  /** Keys of the provider that mints, by id. */
  readonly minted = new Map([['key_0', { name: 'by hand', value: newToken() }]]);
  /** All values that were minted, those included that were ended. */
  mintCount = 0;
  readonly pool: PoolKey[] = ['a', 'b', 'c'].map((id) => ({ keyId: `apikey_${id}`, apiKey: newToken() }));
  /** Version of the pool's secret; somebody who puts the pool anew makes another. */
  poolVersion = 'pool-1';
  readonly statuses = new Map(this.pool.map(({ keyId }, at) => [keyId, at === 0 ? 'active' : 'inactive']));
  /** How often no key of the pool was left to rotate to. */
  exhausted = 0;
  clientKeys: readonly { readonly hash: string; readonly createdAt: string }[] = [];
  readonly strategy: IRotationStrategy;

  constructor(readonly kind: Rotated) {
    super();
    this.strategy = this.#strategies()[kind]();
  }

  /** The value that is current at first, which its provider accepts. */
  protected firstValue(): SecretValue {
    const values: Record<Rotated, () => SecretValue> = {
      random: () => ({ apiKey: newToken() }),
      'openai-admin': () => ({ apiKey: this.minted.get('key_0')?.value ?? '', keyId: 'key_0' }),
      'key-pool': () => this.pool[0] as PoolKey,
      'client-key': () => ({ apiKey: makeClientKey('dev', CLIENT, randomBytes(CLIENT_KEY_RANDOM_BYTES)) }),
    };
    const value = values[this.kind]();
    if (this.kind === 'client-key') this.clientKeys = [{ hash: hashClientKey(value.apiKey), createdAt: 'seed' }];
    return value;
  }

  /** Whether the provider accepts a value. */
  works({ apiKey }: SecretValue): boolean {
    const pooled = this.pool.find((key) => key.apiKey === apiKey);
    if (pooled) return this.statuses.get(pooled.keyId) === 'active';
    if (this.kind === 'openai-admin') return [...this.minted.values()].some(({ value }) => value === apiKey);
    if (this.kind === 'client-key') return this.clientKeys.some(({ hash }) => hash === hashClientKey(apiKey));
    return true;
  }

  /** How many keys the provider accepts. */
  liveKeys(): number {
    if (this.kind === 'openai-admin') return this.minted.size;
    if (this.kind === 'client-key') return this.clientKeys.length;
    return [...this.statuses.values()].filter((status) => status === 'active').length;
  }

  #strategies(): Record<Rotated, () => IRotationStrategy> {
    const verifyKey = (apiKey: string) =>
      this.perform('verify', () => {
        if (!this.works({ apiKey })) throw new CredentialRejectedError();
      });
    return {
      random: () => randomValue({ length: 32 }, { randomBytes }),
      'openai-admin': () => openAiAdmin({ secretId: ARN, verifyKey, keys: this.#mint() }),
      'key-pool': () =>
        keyPool({
          verifyKey,
          sleep: this.sleep,
          readPool: () => this.perform('readPool', () => ({ keys: this.pool, version: this.poolVersion })),
          onExhausted: () => {
            this.exhausted += 1;
          },
          admin: {
            statuses: () => this.perform('statuses', () => new Map(this.statuses)),
            setStatus: (id, status) =>
              this.perform(`set ${status}`, () => {
                if (this.statuses.get(id) === 'archived') throw new Error('An archived key stays archived');
                this.statuses.set(id, status);
              }),
          },
        }),
      'client-key': () =>
        clientKey(
          { clientId: CLIENT, environment: 'dev' },
          {
            randomBytes,
            now: () => this.nowMs,
            keys: {
              read: () => this.perform('read row', () => this.clientKeys),
              exchange: (_id, seen, next) =>
                this.perform('write row', () => {
                  if (JSON.stringify(seen) !== JSON.stringify(this.clientKeys)) return false;
                  this.clientKeys = next;
                  return true;
                }),
            },
          },
        ),
    };
  }

  #mint() {
    return {
      list: () => this.perform('list keys', () => [...this.minted].map(([id, { name }]) => ({ id, name }))),
      create: (name: string) =>
        this.perform('mint', () => {
          this.mintCount += 1;
          const key = { id: `key_${this.mintCount}`, value: newToken() };
          this.minted.set(key.id, { name, value: key.value });
          return key;
        }),
      remove: (id: string) =>
        this.perform('delete key', () => {
          this.minted.delete(id);
        }),
    };
  }
}
