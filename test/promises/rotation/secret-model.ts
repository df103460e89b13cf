import { RotationConflictError } from '../../../lambda/runtime/rotation/errors';
import type {
  ISecretVersions,
  SecretDescription,
  SecretVersion,
  VersionReference,
} from '../../../lambda/runtime/rotation/secret-versions';
import { SecretStage } from '../../../lib/contract/rotation';
import type { MortalProcess } from '../crash/mortal-process';
import type { VirtualTime } from '../fleet/virtual-time';

interface StoredVersion {
  text: string | undefined;
  readonly stages: Set<string>;
  readonly createdAt: number;
}

/** The secret's name and ARN. */
export const SECRET_NAME = 'upstream';

/** One secret of Secrets Manager: its versions and their labels, which move as they do there. */
export class SecretModel {
  /** Texts that were current or pending, and until when. */
  readonly laidDown = new Map<string, number>();
  readonly #versions = new Map<string, StoredVersion>();
  #changedAt: number;

  constructor(
    readonly time: VirtualTime,
    /** Whether Secrets Manager answers nobody now. */
    readonly isDown: () => boolean,
    text: string,
  ) {
    this.#changedAt = time.now();
    this.#versions.set('first', { text, stages: new Set([SecretStage.CURRENT]), createdAt: time.now() });
  }

  /** Text of the current version. */
  get current(): string {
    return this.#versions.get(this.#labelled(SecretStage.CURRENT) ?? '')?.text ?? '';
  }

  /** Whether a version is the current one. */
  isCurrent(token: string): boolean {
    return this.#labelled(SecretStage.CURRENT) === token;
  }

  /** What Secrets Manager does before a rotation's first step: answers whether the rotation may begin. */
  begin(token: string): boolean {
    const pending = this.pending;
    if (this.isDown() || (pending && pending !== token)) return false;
    if (!this.#versions.has(token)) {
      this.#versions.set(token, { text: undefined, stages: new Set(), createdAt: this.time.now() });
    }
    this.#label(SecretStage.PENDING, token);
    return true;
  }

  /** The version of a rotation that has not ended. */
  get pending(): string | undefined {
    const pending = this.#labelled(SecretStage.PENDING);
    return pending !== undefined && this.isCurrent(pending) ? undefined : pending;
  }

  /** Takes the label off the pending version, as an operator does who gives a rotation up. */
  giveUp(): void {
    const pending = this.pending;
    if (pending) this.#unlabel(SecretStage.PENDING, pending);
  }

  /** @throws Error where Secrets Manager is down */
  read(reference: VersionReference): string | undefined {
    this.#assertUp();
    const id = 'stage' in reference ? this.#labelled(reference.stage) : reference.versionId;
    return this.#versions.get(id ?? '')?.text;
  }

  /** The secret as one process works with it. */
  asSeenBy({ perform }: MortalProcess): ISecretVersions {
    const ask = <T>(name: string, work: () => T) =>
      perform(name, () => {
        this.#assertUp();
        return work();
      });
    return {
      describe: () => ask('DescribeSecret', () => this.#describe()),
      list: () => ask('ListSecretVersionIds', () => this.#list()),
      read: (reference) => ask('GetSecretValue', () => this.read(reference)),
      put: (token, text) => ask('PutSecretValue', () => this.#put(token, text)),
      promote: (token, from) => ask('UpdateSecretVersionStage', () => this.#promote(token, from)),
      removePending: (id) => ask('UpdateSecretVersionStage', () => this.#unlabel(SecretStage.PENDING, id)),
    };
  }

  #assertUp(): void {
    if (this.isDown()) throw new Error('InternalServiceError');
  }

  #describe(): SecretDescription {
    const labelled = [...this.#versions].filter(([, { stages }]) => stages.size > 0);
    const stages = Object.fromEntries(labelled.map(([id, version]) => [id, [...version.stages]]));
    return { arn: SECRET_NAME, name: SECRET_NAME, stages, changedAt: this.#changedAt };
  }

  #list(): SecretVersion[] {
    return [...this.#versions].map(([versionId, { stages, createdAt }]) => ({
      versionId,
      stages: [...stages],
      createdAt,
    }));
  }

  #put(token: string, text: string): void {
    const version = this.#versions.get(token);
    if (version?.text !== undefined && version.text !== text) throw new RotationConflictError();
    if (version) version.text = text;
    else this.#versions.set(token, { text, stages: new Set(), createdAt: this.time.now() });
    this.#label(SecretStage.PENDING, token);
  }

  #promote(token: string, from: string | undefined): void {
    if (from !== this.#labelled(SecretStage.CURRENT)) throw new Error('InvalidParameterException');
    if (from) this.#label(SecretStage.PREVIOUS, from);
    if (from) this.#layDown(from);
    this.#label(SecretStage.CURRENT, token);
  }

  #labelled(stage: string): string | undefined {
    return [...this.#versions].find(([, { stages }]) => stages.has(stage))?.[0];
  }

  #label(stage: string, id: string): void {
    for (const { stages } of this.#versions.values()) stages.delete(stage);
    this.#versions.get(id)?.stages.add(stage);
    this.#changedAt = this.time.now();
  }

  #layDown(id: string): void {
    const text = this.#versions.get(id)?.text;
    if (text) this.laidDown.set(text, this.time.now());
  }

  #unlabel(stage: string, id: string): void {
    this.#layDown(id);
    this.#versions.get(id)?.stages.delete(stage);
    this.#changedAt = this.time.now();
  }
}
