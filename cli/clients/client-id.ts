import { randomBytes } from 'node:crypto';
import { CLIENT_ID_PATTERN } from '../../lib/contract/client-keys';

const CLIENT_ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Sixteen letters and digits; bytes that would make some of them likelier than others are drawn again. */
export function drawClientId(random: (size: number) => Uint8Array = randomBytes): string {
  const fairBelow = 256 - (256 % CLIENT_ID_ALPHABET.length);
  let id = '';
  while (id.length < 16) {
    for (const byte of random(16)) {
      if (byte < fairBelow && id.length < 16) id += CLIENT_ID_ALPHABET[byte % CLIENT_ID_ALPHABET.length];
    }
  }
  if (!CLIENT_ID_PATTERN.test(id)) throw new Error(`drew a client id of the wrong shape: ${id}`);
  return id;
}
