import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HttpDouble, isRecord, parseJson, type Route, sendJson, startHttpDouble } from './http-double';
import type { IdentityIssuer } from './identity-issuer';

/** What the endpoints have been told of the federation: any other name is refused. */
export interface KnownFederation {
  readonly issuer: IdentityIssuer;
  readonly audience: string;
  readonly federationRuleId: string;
  readonly organizationId: string;
  readonly serviceAccountId: string;
  readonly identityProviderId: string;
  /** Seconds that a token lives. @default 3600 */
  readonly expiresIn?: number;
}

/** A double of the token endpoints, and what it has seen. */
export interface TokenEndpoints extends HttpDouble {
  readonly anthropicUrl: string;
  readonly openAiUrl: string;
  /** Tokens that were given, the oldest first. */
  readonly issued: readonly string[];
  /** Requests that came, refused ones included. */
  requests(): number;
  /** Answers every exchange from now on; as the provider would where none is given. */
  behave(route?: Route): void;
}

const EXCHANGE_BETA = 'oidc-federation-2026-04-01';

/** Starts a double of the token endpoints of Anthropic (`/v1/oauth/token`) and OpenAI (`/oauth/token`). */
export async function startTokenEndpoints(known: KnownFederation): Promise<TokenEndpoints> {
  const double = new TokenEndpointsDouble(known);
  const server = await startHttpDouble({
    'POST /v1/oauth/token': (request, response, body) => double.serve(request, response, body, 'anthropic'),
    'POST /oauth/token': (request, response, body) => double.serve(request, response, body, 'openai'),
  });
  return {
    ...server,
    anthropicUrl: `${server.url}/v1/oauth/token`,
    openAiUrl: `${server.url}/oauth/token`,
    issued: double.issued,
    requests: () => double.requests,
    behave: (route) => {
      double.override = route;
    },
  };
}

type Provider = 'anthropic' | 'openai';

class TokenEndpointsDouble {
  readonly issued: string[] = [];
  requests = 0;
  override: Route | undefined;

  constructor(readonly known: KnownFederation) {}

  async serve(request: IncomingMessage, response: ServerResponse, text: string, provider: Provider): Promise<void> {
    this.requests += 1;
    if (this.override) return this.override(request, response, text);
    const body = parseJson(text);
    if (!isRecord(body)) return sendJson(response, 400, { error: 'invalid_request' });
    const problem = provider === 'anthropic' ? this.#anthropicProblem(request, body) : this.#openAiProblem(body);
    if (problem) return sendJson(response, problem === 'invalid_grant' ? 401 : 400, { error: problem });
    sendJson(response, 200, this.#issue());
  }

  #anthropicProblem(request: IncomingMessage, body: Record<string, unknown>): string | undefined {
    const { issuer, audience, federationRuleId, organizationId, serviceAccountId } = this.known;
    if (request.headers['anthropic-beta'] !== EXCHANGE_BETA) return 'invalid_request';
    if (body.grant_type !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return 'unsupported_grant_type';
    const isKnown =
      body.federation_rule_id === federationRuleId &&
      body.organization_id === organizationId &&
      body.service_account_id === serviceAccountId;
    return isKnown && issuer.verified(body.assertion, audience) ? undefined : 'invalid_grant';
  }

  #openAiProblem(body: Record<string, unknown>): string | undefined {
    const { issuer, audience, identityProviderId, serviceAccountId } = this.known;
    if (body.grant_type !== 'urn:ietf:params:oauth:grant-type:token-exchange') return 'unsupported_grant_type';
    if (body.subject_token_type !== 'urn:ietf:params:oauth:token-type:jwt') return 'invalid_request';
    const isKnown = body.identity_provider_id === identityProviderId && body.service_account_id === serviceAccountId;
    return isKnown && issuer.verified(body.subject_token, audience) ? undefined : 'invalid_grant';
  }

  #issue() {
    const token = randomBytes(24).toString('base64url');
    this.issued.push(token);
    return { access_token: token, token_type: 'Bearer', expires_in: this.known.expiresIn ?? 3_600 };
  }
}
