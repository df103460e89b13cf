import { PutSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { RotationStep, SecretStage } from '../../lib/contract/rotation';
import type { AwsAccess } from '../deployment';
import { invoke } from './invoke';

/** How often Secrets Manager, and so this, goes through all steps until they succeed. */
const ATTEMPTS = 3;

/** A rotation that somebody drives step by step. */
export interface DrivenRotation {
  /** The secret's ARN. */
  readonly arn: string;
  /** Name of the function that carries out the steps. */
  readonly rotator: string;
  /** The new version's id, drawn by whoever begins the rotation. */
  readonly token: string;
}

/**
 * Does what Secrets Manager does in a rotation: makes an empty pending version, then asks the function for one step
 * after the other, and all over again with the same token where one fails. It stands in for `RotateSecret` of an
 * emulator, which promotes a copy of the old value and calls nobody.
 *
 * @throws CommandFailure where the last attempt fails too; the old version is current still
 */
export async function driveRotation(
  client: SecretsManagerClient,
  access: AwsAccess,
  { arn, rotator, token }: DrivenRotation,
  beforeStep: (step: string, attempt: number) => void = () => undefined,
): Promise<void> {
  await client.send(
    new PutSecretValueCommand({ SecretId: arn, ClientRequestToken: token, VersionStages: [SecretStage.PENDING] }),
  );
  for (let attempt = 1; ; attempt++) {
    try {
      for (const Step of Object.values(RotationStep)) {
        beforeStep(Step, attempt);
        await invoke(access, rotator, { SecretId: arn, ClientRequestToken: token, Step });
      }
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}
