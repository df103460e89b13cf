import {
  type AnthropicFederationSettings,
  FederationProviderName,
  type OpenAiFederationSettings,
  type TokenEndpointSettings,
} from '../../../lib/contract/federation';
import { FederationError, TokenExchangeError } from './errors';
import { type AccessToken, parseAccessToken, parseErrorCode, readBounded } from './token-answer';

/** Where a provider exchanges an identity token for one of its own. */
export interface ITokenEndpoint {
  /** Features of the provider's API that a call with its token must name. */
  readonly betas: readonly string[];
  /** @throws FederationError where it gives no token that can be used. */
  exchange(identityToken: string): Promise<AccessToken>;
}

export interface TokenEndpointOptions {
  /** Milliseconds that an exchange may take. @default 4000 */
  readonly timeoutMs?: number;
}

/** Feature of Anthropic's API by which an identity token is exchanged. */
const ANTHROPIC_EXCHANGE_BETA = 'oidc-federation-2026-04-01';

/** Feature of Anthropic's API by which a call carries a token in place of a key. */
const ANTHROPIC_CALL_BETA = 'oauth-2025-04-20';

interface ExchangeRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string | undefined>>;
}

const anthropicRequest = (settings: AnthropicFederationSettings, assertion: string): ExchangeRequest => ({
  headers: { 'anthropic-beta': ANTHROPIC_EXCHANGE_BETA },
  body: {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion,
    federation_rule_id: settings.federationRuleId,
    organization_id: settings.organizationId,
    service_account_id: settings.serviceAccountId,
    workspace_id: settings.workspaceId,
  },
});

const openAiRequest = (settings: OpenAiFederationSettings, identityToken: string): ExchangeRequest => ({
  headers: {},
  body: {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    subject_token: identityToken,
    identity_provider_id: settings.identityProviderId,
    service_account_id: settings.serviceAccountId,
  },
});

const requestOf = (settings: TokenEndpointSettings, identityToken: string): ExchangeRequest =>
  settings.provider === FederationProviderName.ANTHROPIC
    ? anthropicRequest(settings, identityToken)
    : openAiRequest(settings, identityToken);

/** The token endpoint of Anthropic or OpenAI, asked over HTTP: one request an exchange, and no redirect is followed. */
export class TokenEndpoint implements ITokenEndpoint {
  readonly betas: readonly string[];
  readonly #settings: TokenEndpointSettings;
  readonly #timeoutMs: number;

  constructor(settings: TokenEndpointSettings, { timeoutMs = 4_000 }: TokenEndpointOptions = {}) {
    this.#settings = settings;
    this.#timeoutMs = timeoutMs;
    this.betas = settings.provider === FederationProviderName.ANTHROPIC ? [ANTHROPIC_CALL_BETA] : [];
  }

  async exchange(identityToken: string): Promise<AccessToken> {
    try {
      const response = await this.#post(requestOf(this.#settings, identityToken));
      const text = await readBounded(response);
      if (response.status === 200) return parseAccessToken(text);
      throw new TokenExchangeError(response.status, parseErrorCode(text));
    } catch (error) {
      throw error instanceof FederationError ? error : new TokenExchangeError(undefined, undefined, error);
    }
  }

  #post({ headers, body }: ExchangeRequest): Promise<Response> {
    return fetch(this.#settings.tokenUrl, {
      method: 'POST',
      // The next address would be given the identity token as well.
      redirect: 'error',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
  }
}
