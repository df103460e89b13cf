import { RotatedSecretField } from '../../../lib/contract/rotation';
import { SecretMalformedError } from '../secrets/errors';

/** Keys of a pool that the provider refused when their turn came. */
export interface RefusedKeys {
  /** Version of the pool's secret that they are of: one that somebody puts after it is judged anew. */
  readonly pool: string;
  readonly keyIds: readonly string[];
}

/** One value of a rotated secret. */
export interface SecretValue {
  readonly apiKey: string;
  /** The provider's id of the key. @default - it has none, or nobody noted it */
  readonly keyId?: string;
  /** What the rotations up to this one have learned of the pool. @default - none was refused, or there is no pool */
  readonly refused?: RefusedKeys;
}

/** Visible ASCII: what a header can carry. */
const USABLE_KEY = /^[\x21-\x7e]+$/;

/**
 * What is stored of a value.
 * @param replaces the version that is current while this one is made
 */
export const serializeSecret = ({ apiKey, keyId, refused }: SecretValue, replaces?: string): string =>
  JSON.stringify({
    [RotatedSecretField.API_KEY]: apiKey,
    ...(keyId && { [RotatedSecretField.KEY_ID]: keyId }),
    ...(replaces && { [RotatedSecretField.REPLACES]: replaces }),
    ...(refused && { [RotatedSecretField.REFUSED]: refused }),
  });

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // Without the cause: a parser's message quotes what it met.
    throw new SecretMalformedError('The rotated secret is not JSON.');
  }
};

/**
 * The value in a secret's text.
 * @throws SecretMalformedError where there is none; says no part of the text.
 */
export const parseSecret = (text: string): SecretValue => {
  const fields = (parseJson(text) ?? {}) as Record<string, unknown>;
  const { [RotatedSecretField.API_KEY]: apiKey, [RotatedSecretField.KEY_ID]: keyId } = fields;
  const refused = parseRefused(fields[RotatedSecretField.REFUSED]);
  if (typeof apiKey !== 'string' || !USABLE_KEY.test(apiKey)) {
    throw new SecretMalformedError(`The rotated secret has no usable \`${RotatedSecretField.API_KEY}\`.`);
  }
  return { apiKey, ...(typeof keyId === 'string' && keyId !== '' && { keyId }), ...(refused && { refused }) };
};

/** Nothing depends on the note but the order in which keys are tried: one that cannot be read is none. */
const parseRefused = (note: unknown): RefusedKeys | undefined => {
  const { pool, keyIds } = (note ?? {}) as Record<string, unknown>;
  if (typeof pool !== 'string' || !Array.isArray(keyIds)) return undefined;
  return { pool, keyIds: keyIds.filter((id) => typeof id === 'string') };
};

/**
 * Id of the version that was current when this one was made, as the text says; undefined where it does not.
 * @throws SecretMalformedError where the text is not JSON; says no part of it.
 */
export const parseReplaced = (text: string): string | undefined => {
  const { [RotatedSecretField.REPLACES]: replaces } = (parseJson(text) ?? {}) as Record<string, unknown>;
  return typeof replaces === 'string' && replaces !== '' ? replaces : undefined;
};
