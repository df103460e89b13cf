import { FederationProviderName, type FederationSettings } from '../../../lib/contract/federation';
import type { Field } from '../environment/read-environment';

const PROVIDERS: readonly unknown[] = Object.values(FederationProviderName);

const parse = (json: string): Partial<FederationSettings> | undefined => {
  try {
    return JSON.parse(json) ?? undefined;
  } catch {
    return undefined;
  }
};

/** The JSON that a `FederatedCredential` writes; undefined where the variable is not set. */
export const federationSettings = (key: string): Field<FederationSettings | undefined> => ({
  key,
  parse: (json) => {
    if (!json) return undefined;
    const { identity, endpoint } = parse(json) ?? {};
    const isWhole =
      identity?.audience && PROVIDERS.includes(endpoint?.provider) && URL.canParse(`${endpoint?.tokenUrl}`);
    if (!identity || !endpoint || !isWhole) throw new RangeError('must be what a `FederatedCredential` writes');
    return { identity, endpoint };
  },
});
