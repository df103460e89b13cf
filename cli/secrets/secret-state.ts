import {
  DescribeSecretCommand,
  ListSecretVersionIdsCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SecretStage } from '../../lib/contract/rotation';

/** One version of a secret that has a staging label; times are milliseconds since the epoch. */
export interface SecretVersion {
  readonly id: string;
  readonly stages: readonly string[];
  readonly createdMs?: number;
}

/** What may be known of a secret without its value. */
export interface SecretState {
  readonly arn: string;
  readonly rotates: boolean;
  readonly lastRotationMs?: number;
  readonly nextRotationMs?: number;
  readonly versions: readonly SecretVersion[];
}

/** Reads everything but the value. */
export async function readState(client: SecretsManagerClient, id: string): Promise<SecretState> {
  const [description, listed] = await Promise.all([
    client.send(new DescribeSecretCommand({ SecretId: id })),
    // No secret has more versions with a label than one answer holds.
    client.send(new ListSecretVersionIdsCommand({ SecretId: id, MaxResults: 100 })),
  ]);
  const created = new Map(listed.Versions?.map(({ VersionId, CreatedDate }) => [VersionId, CreatedDate?.getTime()]));
  const versions = Object.entries(description.VersionIdsToStages ?? {}).map(([versionId, stages]) => ({
    id: versionId,
    stages,
    createdMs: created.get(versionId),
  }));
  return {
    arn: description.ARN ?? id,
    rotates: description.RotationEnabled ?? false,
    lastRotationMs: description.LastRotatedDate?.getTime(),
    nextRotationMs: description.NextRotationDate?.getTime(),
    versions: versions.filter(({ stages }) => stages.length > 0),
  };
}

export const versionAt = ({ versions }: SecretState, stage: string): SecretVersion | undefined =>
  versions.find(({ stages }) => stages.includes(stage));

/** The version of a rotation that has begun and not ended. */
export function pendingVersion(state: SecretState): SecretVersion | undefined {
  const pending = versionAt(state, SecretStage.PENDING);
  // After a rotation the label may stay on the version that has become current.
  return pending?.stages.includes(SecretStage.CURRENT) ? undefined : pending;
}
