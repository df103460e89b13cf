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
