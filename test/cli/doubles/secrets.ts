import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';

interface Version {
  readonly id: string;
  stages: string[];
  value?: string;
  readonly createdMs: number;
}

/** What Secrets Manager does with the rotation that was asked for, each time that somebody looks. */
export type RotationFate = 'promoted' | 'stuck' | 'abandoned';

/** One secret, whatever its name, behind the SDK's client. */
export class SecretsDouble {
  readonly mock = mockClient(SecretsManagerClient);
  readonly versions: Version[] = [];
  rotates = true;
  lastRotationMs: number | undefined;
  nextRotationMs: number | undefined;
  fate: RotationFate = 'promoted';
  /** Looks at a rotation before its fate comes. */
  looks = 3;

  constructor(readonly now: () => number) {
    this.mock.on(DescribeSecretCommand).callsFake(({ SecretId }) => this.#describe(SecretId));
    this.mock.on(ListSecretVersionIdsCommand).callsFake(() => ({
      Versions: this.versions.map(({ id, createdMs }) => ({ VersionId: id, CreatedDate: new Date(createdMs) })),
    }));
    this.mock.on(PutSecretValueCommand).callsFake((input) => this.#put(input));
    this.mock.on(RotateSecretCommand).callsFake(({ ClientRequestToken }) => {
      this.version(ClientRequestToken, ['AWSPENDING']);
      return {};
    });
    this.mock.on(UpdateSecretVersionStageCommand).callsFake(({ VersionStage, RemoveFromVersionId }) => {
      this.#unlabel(VersionStage, RemoveFromVersionId);
      return {};
    });
    this.mock.on(GetSecretValueCommand).callsFake(async () => ({ SecretString: this.at('AWSCURRENT')?.value }));
  }

  version(id: string, stages: string[], { value, ageMs = 0 }: { value?: string; ageMs?: number } = {}): void {
    this.versions.push({ id, stages, value, createdMs: this.now() - ageMs });
  }

  at(stage: string): Version | undefined {
    return this.versions.find(({ stages }) => stages.includes(stage));
  }

  promote(id: string): void {
    const [from, to] = [this.at('AWSCURRENT'), this.versions.find((version) => version.id === id)];
    if (from) from.stages = ['AWSPREVIOUS'];
    if (to) to.stages = ['AWSCURRENT'];
  }

  #describe(id: string) {
    const pending = this.versions.find(({ stages }) => stages.join() === 'AWSPENDING');
    if (pending) this.looks -= 1;
    if (pending && this.looks === 0) this.#meetFate(pending);
    return {
      ARN: `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${id}`,
      RotationEnabled: this.rotates,
      ...(this.lastRotationMs && { LastRotatedDate: new Date(this.lastRotationMs) }),
      ...(this.nextRotationMs && { NextRotationDate: new Date(this.nextRotationMs) }),
      VersionIdsToStages: Object.fromEntries(this.versions.map((version) => [version.id, version.stages])),
    };
  }

  #meetFate(pending: Version): void {
    if (this.fate === 'promoted') this.promote(pending.id);
    if (this.fate === 'abandoned') pending.stages = [];
  }

  #put({ ClientRequestToken = '', VersionStages = ['AWSCURRENT'], SecretString }: PutSecretValueCommand['input']) {
    this.version(ClientRequestToken, [], { value: SecretString });
    if (VersionStages.includes('AWSCURRENT')) this.promote(ClientRequestToken);
    else this.versions.at(-1)?.stages.push(...VersionStages);
    return {};
  }

  #unlabel(stage: string, id: string): void {
    const version = this.versions.find((candidate) => candidate.id === id);
    if (version) version.stages = version.stages.filter((label) => label !== stage);
  }
}
