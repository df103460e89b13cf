import { randomBytes, randomUUID } from 'node:crypto';
import { CredentialRejectedError, RotationConflictError } from '../../../../lambda/runtime/rotation/errors';
import { rotateStep } from '../../../../lambda/runtime/rotation/rotate-step';
import type { IRotationStrategy } from '../../../../lambda/runtime/rotation/rotation-strategy';
import { parseSecret, type SecretValue, serializeSecret } from '../../../../lambda/runtime/rotation/secret-value';
import type {
  ISecretVersions,
  SecretDescription,
  VersionReference,
} from '../../../../lambda/runtime/rotation/secret-versions';
import { clientKey } from '../../../../lambda/runtime/rotation/strategies/client-key';
import { keyPool, type PoolKey } from '../../../../lambda/runtime/rotation/strategies/key-pool';
import { openAiAdmin } from '../../../../lambda/runtime/rotation/strategies/open-ai-admin';
import { randomValue } from '../../../../lambda/runtime/rotation/strategies/random-value';
import { sweepKeys } from '../../../../lambda/runtime/rotation/sweep-keys';
import { CLIENT_KEY_RANDOM_BYTES, hashClientKey, makeClientKey } from '../../../../lib/contract/client-keys';
import type { SweepRequest } from '../../../../lib/contract/key-sweep';
import { RotationStep, RotationStrategyName } from '../../../../lib/contract/rotation';

export const GRACE_MS = 3_600_000;
export const ARN = 'arn:aws:secretsmanager:eu-central-1:000000000000:secret:upstream-AbCdEf';
export const STRATEGIES = Object.values(RotationStrategyName).filter((kind) => kind !== RotationStrategyName.HOSTED);
export type Rotated = (typeof STRATEGIES)[number];
export const newToken = (): string => randomUUID();

/** Thrown by every call of a process that has died. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

/** Where a process dies: at its n-th call of the outside world from now, before or after the call has its effect. */
export interface Crash {
  readonly atCall: number;
  readonly when: 'before' | 'after';
}

interface StoredVersion {
  text: string | undefined;
  readonly stages: Set<string>;
  readonly createdAt: number;
}

const CLIENT = 'abcdefgh12345678';

/** Secrets Manager and the providers in memory, under a process that can die at any of its calls. */
export class RotationWorld implements ISecretVersions {
  nowMs = 1_800_000_000_000;
  /** Names of the calls that were begun. */
  readonly calls: string[] = [];
  readonly metrics: [string, number | undefined][] = [];
  readonly warnings: unknown[] = [];
  readonly versions = new Map<string, StoredVersion>();
  /** Keys of the provider that mints, by id. */
  readonly minted = new Map<string, { readonly name: string; readonly value: string }>();
  /** All values that were minted, those included that were ended. */
  mintCount = 0;
  readonly pool: PoolKey[] = ['a', 'b', 'c'].map((id) => ({ keyId: `apikey_${id}`, apiKey: newToken() }));
  readonly statuses = new Map<string, string>();
  clientKeys: readonly { readonly hash: string; readonly createdAt: string }[] = [];
  /** Runs before each call; a test may let it throw. */
  beforeCall: (name: string) => void = () => undefined;
  readonly strategy: IRotationStrategy;
  #changedAt = this.nowMs;
  #crash: Crash | undefined;
  #callsLeft = Number.POSITIVE_INFINITY;
  #isDead = false;

  constructor(readonly kind: Rotated) {
    this.strategy = this.#strategies()[kind]();
    const [first] = this.pool as [PoolKey];
    for (const key of this.pool) this.statuses.set(key.keyId, key === first ? 'active' : 'inactive');
    this.minted.set('key_0', { name: 'by hand', value: newToken() });
    const seeds: Record<Rotated, () => SecretValue> = {
      random: () => ({ apiKey: newToken() }),
      'openai-admin': () => ({ apiKey: this.minted.get('key_0')?.value ?? '', keyId: 'key_0' }),
      'key-pool': () => first,
      'client-key': () => ({ apiKey: makeClientKey('dev', CLIENT, randomBytes(CLIENT_KEY_RANDOM_BYTES)) }),
    };
    const value = seeds[kind]();
    if (kind === 'client-key') this.clientKeys = [{ hash: hashClientKey(value.apiKey), createdAt: 'seed' }];
    this.#store('first', serializeSecret(value), ['AWSCURRENT']);
    this.nowMs += 30 * 86_400_000;
  }

  crash(crash: Crash): void {
    this.#crash = crash;
    this.#callsLeft = crash.atCall;
  }

  /** Starts the process again; answers whether it had died. */
  revive(): boolean {
    const hadDied = this.#isDead;
    this.#isDead = false;
    this.#crash = undefined;
    return hadDied;
  }

  /** What Secrets Manager does before the first step; fails while another rotation seems to be under way. */
  begin(token = newToken()): string {
    const open = this.#labelled('AWSPENDING');
    if (open && open !== token && open !== this.#labelled('AWSCURRENT')) {
      throw new Error('A previous rotation is not complete.');
    }
    if (!this.versions.has(token)) this.#store(token, undefined, []);
    this.#label('AWSPENDING', token);
    return token;
  }

  readonly step = (token: string, Step: string): Promise<void> =>
    rotateStep({ SecretId: ARN, ClientRequestToken: token, Step }, this.#dependencies());

  /** All four steps, as Secrets Manager asks for them. */
  async rotate(token = this.begin()): Promise<string> {
    for (const step of Object.values(RotationStep)) await this.step(token, step);
    return token;
  }

  readonly sweep = (request?: SweepRequest) => sweepKeys(this.#dependencies(), request);

  current(): SecretValue {
    return parseSecret(this.versions.get(this.#labelled('AWSCURRENT') ?? '')?.text ?? '');
  }

  currentVersion(): string | undefined {
    return this.#labelled('AWSCURRENT');
  }

  pendingVersion(): string | undefined {
    return this.#labelled('AWSPENDING');
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

  describe(): Promise<SecretDescription> {
    return this.#perform('describe', () => ({
      arn: ARN,
      name: 'upstream',
      stages: Object.fromEntries(
        [...this.versions].filter(([, { stages }]) => stages.size > 0).map(([id, { stages }]) => [id, [...stages]]),
      ),
      changedAt: this.#changedAt,
    }));
  }

  list() {
    return this.#perform('list', () =>
      [...this.versions].map(([versionId, { stages, createdAt }]) => ({ versionId, stages: [...stages], createdAt })),
    );
  }

  read(reference: VersionReference): Promise<string | undefined> {
    return this.#perform('read', () => {
      const id = 'stage' in reference ? this.#labelled(reference.stage) : reference.versionId;
      return this.versions.get(id ?? '')?.text;
    });
  }

  put(token: string, text: string): Promise<void> {
    return this.#perform('put', () => {
      const version = this.versions.get(token);
      if (version?.text !== undefined && version.text !== text) throw new RotationConflictError();
      if (version) version.text = text;
      else this.#store(token, text, []);
      this.#label('AWSPENDING', token);
    });
  }

  promote(token: string, from: string | undefined): Promise<void> {
    return this.#perform('promote', () => {
      if (from !== this.#labelled('AWSCURRENT')) throw new Error('InvalidParameterException: RemoveFromVersionId');
      if (from) this.#label('AWSPREVIOUS', from);
      this.#label('AWSCURRENT', token);
    });
  }

  removePending(versionId: string): Promise<void> {
    return this.#perform('removePending', () => {
      this.versions.get(versionId)?.stages.delete('AWSPENDING');
      this.#changedAt = this.nowMs;
    });
  }

  #store(id: string, text: string | undefined, stages: readonly string[]): void {
    this.versions.set(id, { text, stages: new Set(stages), createdAt: this.nowMs });
    this.#changedAt = this.nowMs;
  }

  #labelled(stage: string): string | undefined {
    return [...this.versions].find(([, { stages }]) => stages.has(stage))?.[0];
  }

  #label(stage: string, id: string): void {
    for (const { stages } of this.versions.values()) stages.delete(stage);
    this.versions.get(id)?.stages.add(stage);
    this.#changedAt = this.nowMs;
  }

  readonly #perform = async <T>(name: string, work: () => T): Promise<T> => {
    if (this.#isDead) throw new ProcessDied();
    this.calls.push(name);
    this.beforeCall(name);
    this.#callsLeft -= 1;
    const dies = this.#crash !== undefined && this.#callsLeft === 0;
    if (dies) this.#isDead = true;
    if (dies && this.#crash?.when === 'before') throw new ProcessDied();
    await Promise.resolve();
    const result = work();
    if (dies) throw new ProcessDied();
    return result;
  };

  readonly #sleep = (ms: number): Promise<void> =>
    this.#perform('sleep', () => {
      this.nowMs += ms;
    });

  #dependencies() {
    return {
      versions: this,
      strategy: this.strategy,
      graceMs: GRACE_MS,
      now: () => this.nowMs,
      sleep: this.#sleep,
      count: (name: string, value?: number) => {
        this.metrics.push([name, value]);
      },
      log: {
        debug: () => undefined,
        info: () => undefined,
        error: () => undefined,
        warn: (...parts: unknown[]) => {
          this.warnings.push(parts);
        },
      },
    };
  }

  #strategies(): Record<Rotated, () => IRotationStrategy> {
    const verifyKey = (apiKey: string) =>
      this.#perform('verify', () => {
        if (!this.works({ apiKey })) throw new CredentialRejectedError();
      });
    return {
      random: () => randomValue({ length: 32 }, { randomBytes }),
      'openai-admin': () => openAiAdmin({ secretId: ARN, verifyKey, keys: this.#mint() }),
      'key-pool': () =>
        keyPool({
          verifyKey,
          sleep: this.#sleep,
          readPool: () => this.#perform('readPool', () => this.pool),
          admin: {
            statuses: () => this.#perform('statuses', () => new Map(this.statuses)),
            setStatus: (id, status) =>
              this.#perform(`set ${status}`, () => {
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
              read: () => this.#perform('read row', () => this.clientKeys),
              exchange: (_id, seen, next) =>
                this.#perform('write row', () => {
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
      list: () => this.#perform('list keys', () => [...this.minted].map(([id, { name }]) => ({ id, name }))),
      create: (name: string) =>
        this.#perform('mint', () => {
          this.mintCount += 1;
          const key = { id: `key_${this.mintCount}`, value: newToken() };
          this.minted.set(key.id, { name, value: key.value });
          return key;
        }),
      remove: (id: string) =>
        this.#perform('delete key', () => {
          this.minted.delete(id);
        }),
    };
  }
}
