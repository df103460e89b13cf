import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { SecretStage } from '../../../lib/contract/rotation';
import { RotationConflictError } from './errors';
import type { ISecretVersions, SecretDescription, SecretVersion, VersionReference } from './secret-versions';

/** A version of unknown age counts as new: nothing is ended because of it. */
const UNKNOWN = Number.POSITIVE_INFINITY;

/** The versions of one secret of Secrets Manager. */
export class SecretsManagerVersions implements ISecretVersions {
  readonly #client: SecretsManagerClient;
  readonly #secretId: string;

  constructor(client: SecretsManagerClient, secretId: string) {
    this.#client = client;
    this.#secretId = secretId;
  }

  async describe(): Promise<SecretDescription> {
    const answer = await this.#client.send(new DescribeSecretCommand({ SecretId: this.#secretId }));
    return {
      arn: answer.ARN ?? '',
      name: answer.Name ?? '',
      stages: answer.VersionIdsToStages ?? {},
      ...(answer.LastChangedDate && { changedAt: answer.LastChangedDate.getTime() }),
      ...(answer.LastRotatedDate && { rotatedAt: answer.LastRotatedDate.getTime() }),
    };
  }

  async list(): Promise<readonly SecretVersion[]> {
    const versions: SecretVersion[] = [];
    let NextToken: string | undefined;
    do {
      const answer = await this.#client.send(
        new ListSecretVersionIdsCommand({ SecretId: this.#secretId, IncludeDeprecated: true, NextToken }),
      );
      for (const { VersionId, VersionStages, CreatedDate } of answer.Versions ?? []) {
        if (!VersionId) continue;
        versions.push({
          versionId: VersionId,
          stages: VersionStages ?? [],
          createdAt: CreatedDate?.getTime() ?? UNKNOWN,
        });
      }
      NextToken = answer.NextToken;
    } while (NextToken);
    return versions;
  }

  async read(reference: VersionReference): Promise<string | undefined> {
    const version = 'stage' in reference ? { VersionStage: reference.stage } : { VersionId: reference.versionId };
    try {
      const { SecretString } = await this.#client.send(
        new GetSecretValueCommand({ SecretId: this.#secretId, ...version }),
      );
      return SecretString;
    } catch (error) {
      // Also the answer where a version has a label and no value.
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }

  async put(token: string, text: string): Promise<void> {
    try {
      await this.#client.send(
        new PutSecretValueCommand({
          SecretId: this.#secretId,
          ClientRequestToken: token,
          SecretString: text,
          VersionStages: [SecretStage.PENDING],
        }),
      );
    } catch (error) {
      if (error instanceof ResourceExistsException) throw new RotationConflictError(error);
      throw error;
    }
  }

  async promote(token: string, fromVersionId: string | undefined): Promise<void> {
    await this.#client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: this.#secretId,
        VersionStage: SecretStage.CURRENT,
        MoveToVersionId: token,
        ...(fromVersionId && { RemoveFromVersionId: fromVersionId }),
      }),
    );
  }

  async removePending(versionId: string): Promise<void> {
    await this.#client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: this.#secretId,
        VersionStage: SecretStage.PENDING,
        RemoveFromVersionId: versionId,
      }),
    );
  }
}
