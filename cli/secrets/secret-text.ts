import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsAccess } from '../deployment';
import { CommandRefusal } from '../failure';

/**
 * The current text of a secret.
 *
 * @param whose what the secret is, for the message
 * @throws CommandRefusal where its policy does not let whoever asks read it
 */
export async function secretText(access: AwsAccess, SecretId: string, whose: string): Promise<string> {
  try {
    const { SecretString = '' } = await new SecretsManagerClient({ ...access }).send(
      new GetSecretValueCommand({ SecretId }),
    );
    return SecretString;
  } catch (error) {
    if ((error as Error).name !== 'AccessDeniedException') throw error;
    throw new CommandRefusal(
      `you may not read ${whose}: your role must be among its readers (\`secretReaders\`), and may by its own policy; see docs/deploy.md`,
    );
  }
}
