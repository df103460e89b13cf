import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { DataKey, SealingContext } from './data-keys';
import { UnsealError } from './errors';

/** Data sealed by envelope encryption: its wrapped key travels with it. */
export interface Sealed {
  readonly wrappedKey: Uint8Array;
  readonly iv: Uint8Array;
  /** Deflated, then AES-256-GCM; the tag is its last 16 bytes. */
  readonly ciphertext: Uint8Array;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Largest text that is opened, in bytes; bounds what a crafted ciphertext could inflate to. */
export const MAX_OPENED_BYTES = 16 * 1024 * 1024;

/** One byte sequence for one context, whatever the order of its names. */
const associatedData = (context: SealingContext): Buffer =>
  Buffer.from(JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))));

/**
 * Seals a text to a context. The IV is random: a data key seals two texts, the request and its completion,
 * so two equal IVs under one key are out of the question (NIST SP 800-38D, section 8.3, allows 2^32).
 */
export const seal = (
  plaintext: string,
  key: DataKey,
  context: SealingContext,
  iv: Uint8Array = randomBytes(IV_BYTES),
): Sealed => {
  const cipher = createCipheriv('aes-256-gcm', key.plaintext, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(context));
  const body = [cipher.update(deflateRawSync(plaintext)), cipher.final()];
  return { wrappedKey: key.wrapped, iv, ciphertext: Buffer.concat([...body, cipher.getAuthTag()]) };
};

/**
 * Opens what `seal` made, with the unwrapped key and the same context.
 * @throws UnsealError where key, context, IV or ciphertext is another.
 */
export const open = (sealed: Sealed, plaintextKey: Uint8Array, context: SealingContext): string => {
  try {
    const tagAt = sealed.ciphertext.length - TAG_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', plaintextKey, sealed.iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(associatedData(context));
    decipher.setAuthTag(sealed.ciphertext.subarray(tagAt));
    const deflated = Buffer.concat([decipher.update(sealed.ciphertext.subarray(0, tagAt)), decipher.final()]);
    return inflateRawSync(deflated, { maxOutputLength: MAX_OPENED_BYTES }).toString('utf8');
  } catch (cause) {
    throw new UnsealError(cause);
  }
};
