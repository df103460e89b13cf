/** Providers that give a short-lived token for the identity that AWS attests. */
export const FederationProviderName = { ANTHROPIC: 'anthropic', OPEN_AI: 'openai' } as const;

/** Lifetimes, in seconds, that STS gives an identity token. */
export const IdentityTokenLifetime = { MIN_SECONDS: 60, DEFAULT_SECONDS: 300, MAX_SECONDS: 3_600 } as const;

/** Most characters of an audience. */
export const MAX_AUDIENCE_LENGTH = 1_000;

/** What Anthropic's token endpoint must be told. */
export interface AnthropicFederationSettings {
  readonly provider: typeof FederationProviderName.ANTHROPIC;
  readonly tokenUrl: string;
  readonly federationRuleId: string;
  readonly organizationId: string;
  readonly serviceAccountId: string;
  /** @default - the only one that the rule is enabled for */
  readonly workspaceId?: string;
}

/** What OpenAI's token endpoint must be told. */
export interface OpenAiFederationSettings {
  readonly provider: typeof FederationProviderName.OPEN_AI;
  readonly tokenUrl: string;
  readonly identityProviderId: string;
  readonly serviceAccountId: string;
}

export type TokenEndpointSettings = AnthropicFederationSettings | OpenAiFederationSettings;

/** How STS is asked for the identity token. */
export interface IdentityTokenSettings {
  /** For whom the token is: the provider refuses any other. */
  readonly audience: string;
  /** Seconds that the identity token lives; long enough for one exchange. */
  readonly lifetimeSeconds: number;
  readonly signingAlgorithm: 'RS256' | 'ES384';
}

/** How a process without a stored credential gets one, as JSON in its environment; holds no secret. */
export interface FederationSettings {
  readonly identity: IdentityTokenSettings;
  readonly endpoint: TokenEndpointSettings;
}
