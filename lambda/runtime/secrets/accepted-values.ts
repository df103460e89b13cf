import { SecretStage } from '../../../lib/contract/rotation';
import { parseSecret } from '../rotation/secret-value';
import { SecretMalformedError } from './errors';

/** Reads the secret's text at a staging label; undefined where no version has it. */
export type ReadStage = (
  stage: typeof SecretStage.CURRENT | typeof SecretStage.PREVIOUS,
) => Promise<string | undefined>;

/**
 * The values that a consumer of a rotated signing key or pepper accepts, newest first: what was made with the one before
 * is good until the next rotation. Sign with the first.
 *
 * @throws SecretMalformedError where the secret has no current value, or one of the two is unusable; and what `read` throws.
 */
export const acceptedValues = async (read: ReadStage): Promise<readonly string[]> => {
  const [current, previous] = await Promise.all([read(SecretStage.CURRENT), read(SecretStage.PREVIOUS)]);
  if (current === undefined) throw new SecretMalformedError('The rotated secret has no current value.');
  const texts = previous === undefined ? [current] : [current, previous];
  return texts.map((text) => parseSecret(text).apiKey);
};
