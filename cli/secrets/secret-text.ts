import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsAccess } from '../deployment';
import { CommandRefusal } from '../failure';

/**
 * The current text of a secret.
 *
 * @param refusal what to say where its policy does not let whoever asks read it
 * @throws CommandRefusal with that
 */
export async function secretText(access: AwsAccess, SecretId: string, refusal: string): Promise<string> {
  try {
    const { SecretString = '' } = await new SecretsManagerClient({ ...access }).send(
      new GetSecretValueCommand({ SecretId }),
    );
    return SecretString;
  } catch (error) {
    if ((error as Error).name !== 'AccessDeniedException') throw error;
    throw new CommandRefusal(refusal);
  }
}
