import { createHash, timingSafeEqual } from 'node:crypto';

export {
  CLIENT_KEY_RANDOM_BYTES,
  hashClientKey,
  makeClientKey,
  parseClientKey,
} from '../../../lib/contract/client-keys';

/** Whether a key's hash is among the live ones; takes as long whichever of them matches. */
export const matchesAnyHash = (key: string, liveHashes: readonly string[]): boolean => {
  const presented = createHash('sha256').update(key).digest();
  let matches = false;
  for (const live of liveHashes) {
    const stored = Buffer.from(live, 'hex');
    const equal = stored.length === presented.length && timingSafeEqual(stored, presented);
    matches = equal || matches;
  }
  return matches;
};
