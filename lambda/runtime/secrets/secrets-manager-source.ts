import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { UPSTREAM_SECRET_FIELD } from '../../../lib/contract/upstream-secret';
import { SecretMalformedError } from './errors';

/** A header value: anything else in a key would be refused by the HTTP client, with the key in its message. */
const USABLE_KEY = /^[\x21-\x7e]+$/;

const fieldOf = (secret: string): unknown => {
  try {
    return JSON.parse(secret)?.[UPSTREAM_SECRET_FIELD];
  } catch {
    // Without the cause: a parser's message quotes what it met.
    throw new SecretMalformedError('The upstream secret is not JSON.');
  }
};

/**
 * Reads the upstream's API key from the current version of a secret of the form `{"apiKey": "..."}`.
 *
 * @param onRead told when the version was made, in milliseconds since the epoch
 * @throws SecretMalformedError, or the SDK's error.
 */
export const upstreamKeySource =
  (client: SecretsManagerClient, secretId: string, onRead?: (madeAt: number | undefined) => void) =>
  async (): Promise<string> => {
    const { SecretString, CreatedDate } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    const key = fieldOf(SecretString ?? '');
    if (typeof key !== 'string' || !USABLE_KEY.test(key)) {
      throw new SecretMalformedError(`The upstream secret has no usable \`${UPSTREAM_SECRET_FIELD}\`.`);
    }
    onRead?.(CreatedDate?.getTime());
    return key;
  };
