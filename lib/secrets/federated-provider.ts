import {
  type AnthropicFederationSettings,
  FederationProviderName,
  type OpenAiFederationSettings,
  type TokenEndpointSettings,
} from '../contract/federation';

/** Audience that Anthropic's tokens are asked for with unless told otherwise. */
const ANTHROPIC_AUDIENCE = 'https://api.anthropic.com';

/** Audience that OpenAI's tokens are asked for with unless told otherwise. */
const OPEN_AI_AUDIENCE = 'https://api.openai.com/v1';

/** Names of a federation in an organization of Anthropic, as its console shows them. */
export interface AnthropicFederationProps {
  /** Id of the federation rule, such as `fdrl_01AbC`. */
  readonly federationRuleId: string;

  /** Id of the organization, a UUID. */
  readonly organizationId: string;

  /** Id of the service account that the tokens are for, such as `svac_01AbC`. */
  readonly serviceAccountId: string;

  /**
   * Id of the workspace that the tokens are for, such as `wrkspc_01AbC`, or `default`.
   *
   * @default - the only one that the rule is enabled for
   */
  readonly workspaceId?: string;

  /**
   * Audience that the federation rule demands, at most 1000 characters.
   *
   * @default 'https://api.anthropic.com'
   */
  readonly audience?: string;

  /**
   * Where identity tokens are exchanged: an `https:` URL, or one of this machine.
   *
   * @default 'https://api.anthropic.com/v1/oauth/token'
   */
  readonly tokenUrl?: string;
}

/** Names of a federation in an organization of OpenAI, as its settings show them. */
export interface OpenAiFederationProps {
  /** Id of the workload identity provider. */
  readonly identityProviderId: string;

  /** Id of the service account that the tokens are for. */
  readonly serviceAccountId: string;

  /**
   * Audience that the workload identity provider demands, at most 1000 characters.
   *
   * @default 'https://api.openai.com/v1'
   */
  readonly audience?: string;

  /**
   * Where identity tokens are exchanged: an `https:` URL, or one of this machine.
   *
   * @default 'https://auth.openai.com/oauth/token'
   */
  readonly tokenUrl?: string;
}

/** Who exchanges the identity that AWS attests for a short-lived token of its own. */
export class FederatedProvider {
  /** Anthropic, by a federation rule. */
  public static anthropic(props: AnthropicFederationProps): FederatedProvider {
    const { audience = ANTHROPIC_AUDIENCE, ...names } = props;
    const endpoint: AnthropicFederationSettings = {
      provider: FederationProviderName.ANTHROPIC,
      ...names,
      tokenUrl: props.tokenUrl ?? 'https://api.anthropic.com/v1/oauth/token',
    };
    return new FederatedProvider(audience, endpoint);
  }

  /** OpenAI, by a workload identity provider. */
  public static openAi(props: OpenAiFederationProps): FederatedProvider {
    const { audience = OPEN_AI_AUDIENCE, ...names } = props;
    const endpoint: OpenAiFederationSettings = {
      provider: FederationProviderName.OPEN_AI,
      ...names,
      tokenUrl: props.tokenUrl ?? 'https://auth.openai.com/oauth/token',
    };
    return new FederatedProvider(audience, endpoint);
  }

  private constructor(
    /** For whom an identity token must be, to be exchanged here. */
    public readonly audience: string,
    /** @internal */
    public readonly _endpoint: TokenEndpointSettings,
  ) {}
}
