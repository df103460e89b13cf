import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';

interface Version {
  text: string | undefined;
  readonly stages: Set<string>;
  readonly createdAt: Date;
}

interface Secret {
  readonly versions: Map<string, Version>;
  changedAt: Date;
}

const absent = () => new ResourceNotFoundException({ message: 'no such value', $metadata: {} });

/** Versions that one page of a list holds. */
const PAGE = 2;

/** Secrets Manager in memory, behind the SDK's client. The ARN of a secret is its id. */
export class SecretsManagerDouble {
  /** When versions are made and labelled; a test may set it. */
  now = () => new Date();
  readonly #secrets = new Map<string, Secret>();

  constructor() {
    const mock = mockClient(SecretsManagerClient);
    mock.on(DescribeSecretCommand).callsFake(({ SecretId }) => this.#describe(SecretId));
    mock
      .on(ListSecretVersionIdsCommand)
      .callsFake(({ SecretId, NextToken, IncludeDeprecated }) =>
        this.#list(SecretId, Number(NextToken ?? 0), IncludeDeprecated),
      );
    mock.on(GetSecretValueCommand).callsFake(({ SecretId, VersionId, VersionStage = 'AWSCURRENT' }) => {
      const [id, version] = this.#find(SecretId, VersionId, VersionStage);
      if (version?.text === undefined) throw absent();
      return { SecretString: version.text, VersionId: id };
    });
    mock
      .on(PutSecretValueCommand)
      .callsFake(({ SecretId, ClientRequestToken, SecretString, VersionStages }) =>
        this.put(SecretId, ClientRequestToken, SecretString, VersionStages),
      );
    mock
      .on(UpdateSecretVersionStageCommand)
      .callsFake(({ SecretId, VersionStage, MoveToVersionId, RemoveFromVersionId }) =>
        this.#move(SecretId, VersionStage, MoveToVersionId, RemoveFromVersionId),
      );
  }

  /** Puts a version; without a text it has none, as when a rotation begins. */
  put(id: string, token: string, text: string | undefined, stages: readonly string[]): object {
    const secret = this.#secrets.get(id) ?? { versions: new Map(), changedAt: this.now() };
    this.#secrets.set(id, secret);
    const version = secret.versions.get(token) ?? { text: undefined, stages: new Set(), createdAt: this.now() };
    if (version.text !== undefined && version.text !== text) {
      throw new ResourceExistsException({ message: 'the version has another value', $metadata: {} });
    }
    version.text = text;
    secret.versions.set(token, version);
    for (const stage of stages) this.#label(secret, stage, token);
    return { VersionId: token };
  }

  /** The version with a label. */
  version(id: string, stage: string): Version | undefined {
    return [...this.#of(id).versions.values()].find(({ stages }) => stages.has(stage));
  }

  #of(id: string): Secret {
    const secret = this.#secrets.get(id);
    if (!secret) throw absent();
    return secret;
  }

  #find(id: string, versionId: string | undefined, stage: string): readonly [string?, Version?] {
    const isMeant = ([token, { stages }]: [string, Version]) => (versionId ? token === versionId : stages.has(stage));
    return [...this.#of(id).versions].find(isMeant) ?? [];
  }

  #describe(id: string): object {
    const secret = this.#of(id);
    const labelled = [...secret.versions].filter(([, { stages }]) => stages.size > 0);
    const VersionIdsToStages = Object.fromEntries(labelled.map(([token, { stages }]) => [token, [...stages]]));
    return { ARN: id, Name: id, VersionIdsToStages, LastChangedDate: secret.changedAt };
  }

  #list(id: string, from: number, withDeprecated: boolean): object {
    const versions = [...this.#of(id).versions].filter(([, { stages }]) => withDeprecated || stages.size > 0);
    return {
      Versions: versions.slice(from, from + PAGE).map(([VersionId, { stages, createdAt }]) => ({
        VersionId,
        CreatedDate: createdAt,
        ...(stages.size > 0 && { VersionStages: [...stages] }),
      })),
      ...(from + PAGE < versions.length && { NextToken: String(from + PAGE) }),
    };
  }

  #move(id: string, stage: string, to: string | undefined, from: string | undefined): object {
    const secret = this.#of(id);
    const holder = [...secret.versions].find(([, { stages }]) => stages.has(stage))?.[0];
    if (holder !== from) throw new Error(`InvalidParameterException: ${stage} is not attached to ${from}`);
    if (to) this.#label(secret, stage, to);
    else if (from) secret.versions.get(from)?.stages.delete(stage);
    if (stage === 'AWSCURRENT' && from) this.#label(secret, 'AWSPREVIOUS', from);
    secret.changedAt = this.now();
    return {};
  }

  #label(secret: Secret, stage: string, token: string): void {
    for (const { stages } of secret.versions.values()) stages.delete(stage);
    secret.versions.get(token)?.stages.add(stage);
    secret.changedAt = this.now();
  }
}
