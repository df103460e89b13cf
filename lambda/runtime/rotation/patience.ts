import type { Sleep } from '../clock/clock';
import { CredentialRejectedError } from './errors';

/** Milliseconds between two tries of a new credential, which a provider may not know everywhere at once. */
const PATIENCE_MS = [500, 1_000, 2_000];

/** Tries a credential again and again while it is refused. @throws CredentialRejectedError where it is at the last try. */
export const verifyPatiently = async (verify: () => Promise<void>, sleep: Sleep): Promise<void> => {
  for (const delayMs of PATIENCE_MS) {
    try {
      return await verify();
    } catch (error) {
      if (!(error instanceof CredentialRejectedError)) throw error;
      await sleep(delayMs);
    }
  }
  await verify();
};
