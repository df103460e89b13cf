import { RotationConflictError } from '../../../../lambda/runtime/rotation/errors';
import { rotateStep } from '../../../../lambda/runtime/rotation/rotate-step';
import { parseSecret, type SecretValue, serializeSecret } from '../../../../lambda/runtime/rotation/secret-value';
import type {
  ISecretVersions,
  SecretDescription,
  VersionReference,
} from '../../../../lambda/runtime/rotation/secret-versions';
import { sweepKeys } from '../../../../lambda/runtime/rotation/sweep-keys';
import type { SweepRequest } from '../../../../lib/contract/key-sweep';
import { RotationStep } from '../../../../lib/contract/rotation';
import { newToken } from './mortal-calls';
import { ARN, ProviderWorld, type Rotated } from './provider-world';

export const GRACE_MS = 3_600_000;

interface StoredVersion {
  text: string | undefined;
  readonly stages: Set<string>;
  readonly createdAt: number;
}

/** Secrets Manager and the providers in memory, under a process that can die at any of its calls. */
export class RotationWorld extends ProviderWorld implements ISecretVersions {
  readonly metrics: [string, number | undefined][] = [];
  readonly warnings: unknown[] = [];
  readonly versions = new Map<string, StoredVersion>();
  #changedAt = this.nowMs;

  constructor(kind: Rotated) {
    super(kind);
    this.#store('first', serializeSecret(this.firstValue()), ['AWSCURRENT']);
    this.nowMs += 30 * 86_400_000;
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

  describe(): Promise<SecretDescription> {
    return this.perform('describe', () => ({
      arn: ARN,
      name: 'upstream',
      stages: Object.fromEntries(
        [...this.versions].filter(([, { stages }]) => stages.size > 0).map(([id, { stages }]) => [id, [...stages]]),
      ),
      changedAt: this.#changedAt,
    }));
  }

  list() {
    return this.perform('list', () =>
      [...this.versions].map(([versionId, { stages, createdAt }]) => ({ versionId, stages: [...stages], createdAt })),
    );
  }

  read(reference: VersionReference): Promise<string | undefined> {
    return this.perform('read', () => {
      const id = 'stage' in reference ? this.#labelled(reference.stage) : reference.versionId;
      return this.versions.get(id ?? '')?.text;
    });
  }

  put(token: string, text: string): Promise<void> {
    return this.perform('put', () => {
      const version = this.versions.get(token);
      if (version?.text !== undefined && version.text !== text) throw new RotationConflictError();
      if (version) version.text = text;
      else this.#store(token, text, []);
      this.#label('AWSPENDING', token);
    });
  }

  promote(token: string, from: string | undefined): Promise<void> {
    return this.perform('promote', () => {
      if (from !== this.#labelled('AWSCURRENT')) throw new Error('InvalidParameterException: RemoveFromVersionId');
      if (from) this.#label('AWSPREVIOUS', from);
      this.#label('AWSCURRENT', token);
    });
  }

  removePending(versionId: string): Promise<void> {
    return this.perform('removePending', () => {
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

  #dependencies() {
    return {
      versions: this,
      strategy: this.strategy,
      graceMs: GRACE_MS,
      now: () => this.nowMs,
      sleep: this.sleep,
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
}
