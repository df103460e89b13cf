import type { RandomSettings } from '../../../../lib/contract/rotation';
import type { IRotationStrategy } from '../rotation-strategy';

/** Draws random bytes that nobody can guess. */
export type RandomBytes = (count: number) => Uint8Array;

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Bytes from here on are drawn again, so that no letter is likelier than another. */
const FAIR_BELOW = 256 - (256 % LETTERS.length);

/** Letters and digits, each equally likely. */
export const randomText = (length: number, randomBytes: RandomBytes): string => {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length - text.length)) {
      if (byte < FAIR_BELOW) text += LETTERS[byte % LETTERS.length];
    }
  }
  return text;
};

/** Values that nobody but the readers of the secret knows: there is nobody to tell, and nothing to end. */
export const randomValue = (
  { length }: RandomSettings,
  { randomBytes }: { readonly randomBytes: RandomBytes },
): IRotationStrategy => ({
  generate: async () => ({ apiKey: randomText(length, randomBytes) }),
  discard: async () => undefined,
  apply: async () => undefined,
  verify: async () => undefined,
  retire: async () => ({ retired: 0 }),
});
