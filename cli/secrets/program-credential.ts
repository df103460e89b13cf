import { FederationProviderName } from '../../lib/contract/federation';

/** A credential that one program gets. */
export interface ProgramCredential {
  readonly value: string;
  readonly provider: (typeof FederationProviderName)[keyof typeof FederationProviderName];
  /** A key of the provider's, or a token that it has given for an identity. */
  readonly kind: 'key' | 'token';
  /** Whether it ends by itself soon, or with the program. */
  readonly isShortLived: boolean;
  /** What it is and how long it lives, in words for the person; says no part of it. */
  readonly description: string;
}

/** What becomes of a credential: `use` has it, and answers the program's exit code. */
export type UseCredential = (credential: ProgramCredential) => Promise<number>;

/** Variables by which the clients of a provider know a key, and a token; with both, a key wins. */
const VARIABLES = {
  [FederationProviderName.ANTHROPIC]: { key: 'ANTHROPIC_API_KEY', token: 'ANTHROPIC_AUTH_TOKEN' },
  // Either is sent in the same header.
  [FederationProviderName.OPEN_AI]: { key: 'OPENAI_API_KEY', token: 'OPENAI_API_KEY' },
} as const;

/** The environment of a program that gets a credential. */
export interface ProgramEnvironment {
  readonly env: NodeJS.ProcessEnv;
  /** The variable that has the credential. */
  readonly variable: string;
  /** Variables that were there, would have been taken in its place, and are there no more. */
  readonly removed: readonly string[];
}

/**
 * This process's environment with the credential, and without what is left of another of the same provider.
 *
 * @param as the variable that gets it; that of the provider's own clients where it is not given
 */
export function environmentWith(
  { value, provider, kind }: ProgramCredential,
  as: string | undefined,
  environment: NodeJS.ProcessEnv,
): ProgramEnvironment {
  const variable = as ?? VARIABLES[provider][kind];
  const rivals: readonly string[] = Object.values(VARIABLES[provider]);
  const removed = Object.keys(environment).filter((name) => rivals.includes(name) && name !== variable);
  const kept = Object.entries(environment).filter(([name]) => !removed.includes(name));
  return { env: { ...Object.fromEntries(kept), [variable]: value }, variable, removed };
}
