import { STSClient } from '@aws-sdk/client-sts';
import {
  FederationError,
  IdentityTokenError,
  TokenExchangeError,
  TokenMalformedError,
} from '../../lambda/runtime/federation/errors';
import { federationSettings } from '../../lambda/runtime/federation/federation-field';
import { stsIdentity } from '../../lambda/runtime/federation/sts-identity';
import { TokenEndpoint } from '../../lambda/runtime/federation/token-endpoint';
import type { FederationSettings } from '../../lib/contract/federation';
import { DEVELOPER_FEDERATION_OUTPUT } from '../../lib/contract/outputs';
import { age } from '../age';
import type { Operator } from '../command';
import { CommandFailure } from '../failure';
import type { ProgramCredential } from './program-credential';

/** Where to read on when there is no token. */
const DOCUMENT = 'docs/development.md';

/**
 * A short-lived token of the provider's for whoever runs the command: STS attests the identity, and the provider's
 * token endpoint gives a token for it.
 *
 * @throws CommandFailure where one of the two refuses; it says what is missing, and no part of a token
 */
export async function exchangedToken({ access, deployment, now }: Operator): Promise<ProgramCredential> {
  const settings = settingsOf(deployment.developerFederation);
  const { identity, endpoint } = settings;
  const startedMs = now();
  try {
    const attested = await stsIdentity(new STSClient({ ...access }), identity)();
    const { value, lifetimeMs } = await new TokenEndpoint(endpoint).exchange(attested);
    const until = new Date(startedMs + lifetimeMs).toISOString();
    const description = `a token of ${endpoint.provider} for your own role, good for ${age(lifetimeMs)}, until ${until}; a program that runs longer has to be started again`;
    return { value, provider: endpoint.provider, kind: 'token', isShortLived: true, description };
  } catch (error) {
    if (error instanceof FederationError) throw new CommandFailure(describeFailure(error, settings));
    throw error;
  }
}

function settingsOf(json: string): FederationSettings {
  try {
    const settings = federationSettings(DEVELOPER_FEDERATION_OUTPUT).parse(json);
    if (settings) return settings;
  } catch {
    // What is there is of another version.
  }
  throw new CommandFailure(`the output ${DEVELOPER_FEDERATION_OUTPUT} cannot be read: deploy this version first`);
}

function describeFailure(error: FederationError, { identity, endpoint }: FederationSettings): string {
  const { name, message } = (error.cause ?? {}) as Partial<Error>;
  const line = error.message.replace(/\.$/, '');
  if (error instanceof IdentityTokenError) {
    return `AWS gave no identity token (${name ?? 'no answer'}: ${message ?? 'none'}): your role needs \`sts:GetWebIdentityToken\` for the audience ${identity.audience}; see ${DOCUMENT}`;
  }
  if (error instanceof TokenMalformedError) return `${line}; is it the provider that answers at ${endpoint.tokenUrl}?`;
  if (!(error instanceof TokenExchangeError)) return line;
  const { status } = error;
  if (status === undefined) return `${line} (${message ?? 'no answer'}); ${endpoint.tokenUrl} was not reached`;
  if (status === 429 || status >= 500) return `${line}; try again in a moment`;
  return `${line}; the federation at the provider must admit your role: see ${DOCUMENT}`;
}
