import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * A client key reads `bwk_<environment>_<clientId>_<secret><checksum>`: 43 base62 characters of secret
 * (256 bits) and 6 of checksum (CRC-32 of all before it, base62, zero-padded), so that a secret scanner can
 * tell a real key from a look-alike without asking anybody.
 */
export const CLIENT_KEY_PREFIX = 'bwk';
export const CLIENT_KEY_SECRET_LENGTH = 43;
export const CLIENT_KEY_CHECKSUM_LENGTH = 6;
/** Shape of a client id: 16 lower-case letters and digits, drawn at random. */
export const CLIENT_ID_PATTERN = /^[a-z0-9]{16}$/;
export const CLIENT_KEY_PATTERN = /^bwk_([a-z]+)_([a-z0-9]{16})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Bytes of randomness in a client key. */
export const CLIENT_KEY_RANDOM_BYTES = 32;

const base62 = (number: bigint, length: number): string => {
  let digits = '';
  for (let rest = number; rest > 0n; rest /= 62n) digits = BASE62[Number(rest % 62n)] + digits;
  return digits.padStart(length, '0');
};

const checksumOf = (body: string): string => base62(BigInt(crc32(body)), CLIENT_KEY_CHECKSUM_LENGTH);

/**
 * Makes a client key from 32 random bytes.
 * @throws RangeError where the environment's name, the client id or the number of bytes is not as it must be.
 */
export const makeClientKey = (environment: string, clientId: string, random: Uint8Array): string => {
  if (!/^[a-z]+$/.test(environment))
    throw new RangeError(`\`environment\` must be lower-case letters, got: ${environment}`);
  if (!CLIENT_ID_PATTERN.test(clientId)) throw new RangeError(`\`clientId\` must match ${CLIENT_ID_PATTERN}`);
  if (random.length !== CLIENT_KEY_RANDOM_BYTES) {
    throw new RangeError(`\`random\` must be ${CLIENT_KEY_RANDOM_BYTES} bytes, got: ${random.length}`);
  }
  const secret = base62(BigInt(`0x${Buffer.from(random).toString('hex')}`), CLIENT_KEY_SECRET_LENGTH);
  const body = `${CLIENT_KEY_PREFIX}_${environment}_${clientId}_${secret}`;
  return body + checksumOf(body);
};

/** The environment and client that a key names, or undefined where its shape or checksum is wrong. */
export const parseClientKey = (
  key: string,
): { readonly environment: string; readonly clientId: string } | undefined => {
  const [, environment, clientId, , checksum] = CLIENT_KEY_PATTERN.exec(key) ?? [];
  if (!environment || !clientId || !checksum) return undefined;
  return checksumOf(key.slice(0, -CLIENT_KEY_CHECKSUM_LENGTH)) === checksum ? { environment, clientId } : undefined;
};

/** What is stored of a key: hex SHA-256. A slow hash adds nothing to 256 random bits. */
export const hashClientKey = (key: string): string => createHash('sha256').update(key).digest('hex');
