import { CredentialRejectedError } from './errors';
import type { RetireReport } from './rotation-strategy';
import type { SecretValue } from './secret-value';

/** How many of these keys are not refused: one of which nobody can tell counts too. */
export const unendedOf = async (
  values: readonly SecretValue[],
  verifyKey: (apiKey: string) => Promise<void>,
): Promise<Pick<RetireReport, 'unended'>> => {
  let unended = 0;
  for (const { apiKey } of values) {
    const isRefused = await verifyKey(apiKey).then(
      () => false,
      (error) => error instanceof CredentialRejectedError,
    );
    if (!isRefused) unended += 1;
  }
  return unended > 0 ? { unended } : {};
};
